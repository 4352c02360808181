"""Bricks: torch modules and their weights; they know no medicine."""

__all__: list[str] = []
