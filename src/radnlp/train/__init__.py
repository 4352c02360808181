"""Data sets to weights."""

__all__: list[str] = []
