"""Escaping: the only way from text to HTML."""

from __future__ import annotations

import html


def escaped(text: str) -> str:
    """Return text that a browser shows, and gives back, code point by code point.

    A carriage return would become a line feed and a NUL would vanish; the first is written as a
    reference, the second as the replacement character, so that offsets hold in the page.

    Examples:
        >>> escaped("<b>" + chr(13))
        '&lt;b&gt;&#13;'
    """
    return html.escape(text, quote=True).replace("\r", "&#13;").replace("\0", "\ufffd")


def element(name: str, content: str, /, **attributes: str | None) -> str:
    """Return an element around content that is HTML already; ``None`` leaves an attribute out.

    Underscores in attribute names become hyphens, a trailing one is dropped.

    Examples:
        >>> element("li", escaped("a < b"), class_="note", data_id=None)
        '<li class="note">a &lt; b</li>'
    """
    return f"{opening(name, **attributes)}{content}</{name}>"


def opening(name: str, /, **attributes: str | None) -> str:
    """Return an opening tag; attribute values are escaped here."""
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escaped(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    return f"<{name}{written}>"


__all__ = ["element", "escaped", "opening"]
