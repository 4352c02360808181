"""The likely slips of an archive, for a person to read: text, or one page.

Rows are those of `radnlp.archive.SLIPS`.
"""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Any

from radnlp.output.wording import concept_words, one_line
from radnlp.schema import DISCLAIMER

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem; padding: 0 1rem;
  color: #1c2430; background: #fff }
h1 { font-size: 1.3rem } .note { color: #7a2e0e; font-weight: 600 }
table { border-collapse: collapse; width: 100% }
th, td { text-align: left; vertical-align: top; padding: .4rem .6rem;
  border-bottom: 1px solid #dde }
td.number { text-align: right; font-variant-numeric: tabular-nums }
code { font-size: .85em; color: #556 }
@media (prefers-color-scheme: dark) {
  body { color: #dde3ea; background: #14181d } th, td { border-color: #333b45 }
  .note { color: #ffb38a } code { color: #9ab } }
"""


def checklist_text(
    slips: Sequence[Mapping[str, Any]], reports: int, unchecked: int, most: int
) -> str:
    """Return the worst slips as text, ending with a newline.

    Args:
        slips: Worst first.
        reports: How many were looked at.
        unchecked: How many of them could not be checked.
        most: Slips that are listed; the others are counted.
    """
    lines = [_head(slips, reports, unchecked), ""]
    for slip in slips[:most]:
        lines.append(f"{slip['rank']:>4}  {slip['score']:.2f}  {one_line(slip['report_id'])}")
        lines.append(f"      {one_line(slip['sentence'])}  [{slip['rule']}]")
        lines.extend(f"      {evidence}" for evidence in _evidence(slip))
    if len(slips) > most:
        lines.append(f"\n… and {len(slips) - most:,} more: write them all with -o")
    return "\n".join(lines) + "\n"


def checklist_page(slips: Sequence[Mapping[str, Any]], reports: int, unchecked: int) -> bytes:
    """Return all slips as one HTML page that needs nothing else, UTF-8; see `checklist_text`."""
    rows = "\n".join(map(_row, slips))
    page = f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<title>radnlp check</title><style>{_STYLE}</style></head>
<body><h1>Likely slips and missed findings</h1>
<p class="note">{html.escape(_head(slips, reports, unchecked))}</p>
<table><thead><tr><th>rank</th><th>score</th><th>report</th><th>what</th><th>words</th></tr></thead>
<tbody>
{rows}
</tbody></table></body></html>
"""
    return page.encode()


def _head(slips: Sequence[Mapping[str, Any]], reports: int, unchecked: int) -> str:
    touched = len({slip["report_row"] for slip in slips})
    left_out = f"{unchecked:,} could not be checked. " if unchecked else ""
    return (
        f"{len(slips):,} likely slips in {touched:,} of {reports:,} reports, worst first. "
        f"{left_out}A list to look at, not a verdict. {DISCLAIMER}"
    )


def _row(slip: Mapping[str, Any]) -> str:
    words = "<br>".join(html.escape(one) for one in _evidence(slip))
    cells = (
        f'<td class="number">{slip["rank"]}</td><td class="number">{slip["score"]:.2f}</td>',
        f"<td>{html.escape(one_line(slip['report_id']))}</td>",
        f"<td>{html.escape(one_line(slip['sentence']))}<br><code>{slip['rule']}</code></td>",
        f"<td>{words}</td>",
    )
    return f"<tr>{''.join(cells)}</tr>"


def _evidence(slip: Mapping[str, Any]) -> Iterator[str]:
    for words, span in zip(slip["words"], slip["spans"], strict=True):
        yield f"“{one_line(words)}” at {span['start']}–{span['end']}"
    for box in slip["boxes"]:
        edges = ", ".join(f"{box[edge]:.0f}" for edge in ("x0", "y0", "x1", "y1"))
        yield f"{concept_words(box['label'])} in {box['image_id']} at ({edges})"


__all__ = ["checklist_page", "checklist_text"]
