"""What was odd about the reports of a run, counted by kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable


class Noted(NamedTuple):
    """One kind of notice.

    Attributes:
        name: Of the notice, such as ``LanguageWarning``.
        reports: How many reports it was said of.
        message: Of the first of them.
    """

    name: str
    reports: int
    message: str


def count_notices(notices: Iterable[tuple[int, str, str]]) -> tuple[Noted, ...]:
    """Count notices by name, the most frequent first.

    Args:
        notices: Number of the report, name, message; several of one name in a report count once.

    Examples:
        >>> count_notices([(0, "EmptyReport", "no text"), (4, "EmptyReport", "no text")])
        (Noted(name='EmptyReport', reports=2, message='no text'),)
    """
    reports: dict[str, set[int]] = {}
    messages: dict[str, str] = {}
    for report, name, message in notices:
        reports.setdefault(name, set()).add(report)
        messages.setdefault(name, message)
    counted = (Noted(name, len(rows), messages[name]) for name, rows in reports.items())
    return tuple(sorted(counted, key=lambda one: (-one.reports, one.name)))


__all__ = ["Noted", "count_notices"]
