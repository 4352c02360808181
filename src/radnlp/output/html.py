"""The page writer: text and image side by side, in one file that asks nothing of any server."""

from __future__ import annotations

import base64
import hashlib
from importlib.resources import files
from string import Template
from typing import TYPE_CHECKING

from radnlp.output.marks import marks_of
from radnlp.output.page.film import film_html
from radnlp.output.page.lights import Lights
from radnlp.output.page.markup import element
from radnlp.output.page.panels import (
    conflicts_html,
    draft_html,
    findings_html,
    image_findings_html,
    provenance_html,
    recommendations_html,
    scores_html,
    warnings_html,
)
from radnlp.output.page.report import report_html
from radnlp.output.page.tips import tips_html
from radnlp.schema import DISCLAIMER

if TYPE_CHECKING:
    from radnlp.schema import Analysis


def render(analysis: Analysis) -> bytes:
    """Return a self-contained UTF-8 page.

    Hovering, focusing or clicking a finding lights its regions and the other way round, a
    recommendation or score its words in the report. Scripts and styles are admitted by their hash
    only, so nothing in a report can run. Image pixels are embedded as 8-bit PNG, untouched but for
    scaling to a long side of at most 1,600 pixels.
    """
    marks, lights = marks_of(analysis), Lights(analysis)
    style, script = _package_text("page.css"), _package_text("page.js")
    films = "".join(film_html(analysis, image, marks, lights) for image in analysis.images)
    text = report_html(analysis, marks, lights)
    page = Template(_package_text("page.html")).substitute(
        policy=(
            "default-src 'none'; img-src data:; base-uri 'none'; form-action 'none'; "
            f"style-src '{_hash(style)}'; script-src '{_hash(script)}'"
        ),
        style=style,
        script=script,
        disclaimer=DISCLAIMER,
        simulated=_simulated(analysis),
        layout="with-films" if films else "text-only",
        films=element("div", films, class_="strip") if films else "",
        report=text or '<p class="quiet">No report was given.</p>',
        findings=findings_html(analysis, marks, lights),
        recommendations=recommendations_html(analysis, lights),
        scores=scores_html(analysis, lights),
        image_findings=image_findings_html(analysis, marks, lights),
        conflicts=conflicts_html(analysis, lights),
        draft=draft_html(analysis, lights),
        warnings=warnings_html(analysis),
        speakers=provenance_html(analysis),
        tips=tips_html(analysis),
    )
    return page.encode("utf-8")


def _simulated(analysis: Analysis) -> str:
    if not any(image.simulated for image in analysis.images):
        return ""
    return '<span class="pill">Simulated image. It shows no patient.</span>'


def _package_text(name: str) -> str:
    return files("radnlp.output.page").joinpath(name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return f"sha256-{base64.b64encode(digest).decode('ascii')}"


__all__ = ["render"]
