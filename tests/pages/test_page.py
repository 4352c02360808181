"""The page in a browser: pointing, focusing and clicking light what belongs together."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from radnlp.output.html import render
from radnlp.schema import (
    Analysis,
    Assertion,
    Box,
    Cue,
    Entity,
    EntityKind,
    Image,
    Link,
    LinkSource,
    Mask,
    Recommendation,
    Region,
    RegionSource,
    Report,
    SectionKind,
    Span,
)

CHROMIUM = (
    os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here (set CHROMIUM)")

TEXT = (
    "Left pleural\r\neffusion. No pneumothorax. <script>document.title='ran'</script>"
    "<img src=x onerror=\"document.title='ran'\"> 🩻 nodule. "
    "Chest CT recommended."
)
WIDTHS = (1400, 500)

# What a visitor does, and what is then lit; the answers go into an attribute of the body.
VISIT = """
const answers = {};
const find = (selector) => document.querySelector(selector);
const lit = () => [...document.querySelectorAll(".lit[data-id]")].map((one) => one.dataset.id);
const send = (one, kind, more) => one.dispatchEvent(new MouseEvent(kind, {bubbles: true, ...more}));
const press = (one, key) => one.dispatchEvent(new KeyboardEvent("keydown", {bubbles: true, key}));
const tip = find("#tip");

answers.title = document.title;
answers.report = find(".report-text").textContent;
answers.mentions = [...document.querySelectorAll(".mention")].map((one) => one.textContent);

const effusion = find(".mention[data-id=e0]");
send(effusion, "mouseover");
answers.pointed = lit();
answers.tip = tip.hidden ? "" : tip.textContent;
send(document.body, "mouseover");
answers.left = lit();

send(find("[data-id=g1] .shape"), "mouseover");
answers.region = lit();
send(document.body, "mouseover");

send(find(".row.advice"), "mouseover");
answers.advice = lit();
answers.words = [...document.querySelectorAll(".passage.lit")].map((one) => one.textContent);
send(document.body, "mouseover");
send(find(".passage"), "mouseover");
answers.passage = lit();
send(document.body, "mouseover");

// Sent by hand: a window without a screen may not own the focus.
const nodule = find(".mention[data-id=e2]");
answers.tabbable = nodule.tabIndex;
nodule.dispatchEvent(new FocusEvent("focusin", {bubbles: true}));
answers.focused = lit();
nodule.dispatchEvent(new FocusEvent("focusout", {bubbles: true}));
answers.blurred = lit();

send(effusion, "click");
send(document.body, "mouseover");
answers.pinned = lit();
answers.pressed = effusion.getAttribute("aria-pressed");
press(document.body, "Escape");
answers.escaped = lit();
press(effusion, "Enter");
send(document.body, "mouseover");
answers.entered = lit();
send(document.body, "click");
answers.dropped = lit();

find("#outlines").click();
answers.bare = getComputedStyle(find("[data-id=g0]")).visibility;

const film = find("svg.canvas image").getBoundingClientRect();
const box = find("[data-id=g1] .shape").getBoundingClientRect();
answers.box = [(box.left - film.left) / film.width, (box.top - film.top) / film.height,
               (box.right - film.left) / film.width, (box.bottom - film.top) / film.height];
answers.overflow = document.documentElement.scrollWidth > document.documentElement.clientWidth;
document.body.dataset.answers = JSON.stringify(answers);
"""


def mention(number: int, words: str, concept: str, **fields: Any) -> Entity:
    start = TEXT.index(words)
    return Entity(
        id=f"e{number}",
        text=words,
        span=Span(start, start + len(words)),
        section=SectionKind.FINDINGS,
        kind=EntityKind.FINDING,
        concept=concept,
        **fields,
    )


def study() -> Analysis:
    zone = np.zeros((100, 80), dtype=bool)
    zone[60:90, 40:75] = True
    no = TEXT.index("No ")
    absent = {
        "assertion": Assertion.ABSENT,
        "cue": Cue(span=Span(no, no + 2), rule="neg.no"),
    }
    advice = TEXT.index("Chest CT")
    return Analysis(
        report=Report(text=TEXT),
        recommendations=(
            Recommendation(text=TEXT[advice:-1], span=Span(advice, len(TEXT) - 1),
                           section=SectionKind.FINDINGS, what="Chest CT", rule="r"),
        ),
        images=(Image(pixels=np.full((100, 80), 0.5, np.float32)),),
        entities=(
            mention(0, "Left pleural\r\neffusion", "pleural_effusion"),
            mention(1, "pneumothorax", "pneumothorax", **absent),
            mention(2, "nodule", "nodule"),
        ),
        regions=(
            Region(id="g0", image_id="i0", box=Box(40, 60, 75, 90), label="left_lower_zone",
                   source=RegionSource.ANATOMY, mask=Mask.from_array(zone)),
            Region(id="g1", image_id="i0", box=Box(50, 20, 60, 30), label="nodule",
                   source=RegionSource.IMAGE),
        ),
        links=(
            Link(entity_id="e0", region_id="g0", source=LinkSource.ANATOMY),
            Link(entity_id="e2", region_id="g1", source=LinkSource.IMAGE),
        ),
    )  # fmt: skip


def visited(page: str) -> str:
    """The page with the visit appended, and the visit's hash admitted by the policy."""
    digest = base64.b64encode(hashlib.sha256(VISIT.encode()).digest()).decode()
    page = page.replace("script-src '", f"script-src 'sha256-{digest}' '", 1)
    return page.replace("</body>", f"<script>{VISIT}</script></body>")


def browse(page: Path, profile: Path, width: int) -> str:
    flags = "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-sync"
    more = "--disable-background-networking --disable-component-update --virtual-time-budget=2000"
    command = [
        str(CHROMIUM),
        *flags.split(),
        *more.split(),
        f"--user-data-dir={profile}",
        f"--window-size={width},900",
        "--dump-dom",
        page.as_uri(),
    ]
    done = subprocess.run(command, capture_output=True, timeout=120, check=True)
    return done.stdout.decode("utf-8")


@pytest.fixture(scope="module", params=WIDTHS)
def answers(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("page")
    page = folder / "study.html"
    page.write_bytes(visited(render(study()).decode("utf-8")).encode("utf-8"))
    dom = browse(page, folder / "profile", request.param)
    found = re.search(r'data-answers="([^"]*)"', dom)
    assert found, "the visit did not come to its end"
    return json.loads(html.unescape(found[1]))


def test_the_report_is_shown_whole_and_nothing_in_it_runs(answers: Any) -> None:
    assert answers["report"] == TEXT
    assert answers["title"] == "radnlp: report and image"


def test_mentions_cover_their_words(answers: Any) -> None:
    assert answers["mentions"] == [entity.text for entity in study().entities]


def test_pointing_at_a_finding_lights_its_region_and_its_row(answers: Any) -> None:
    assert sorted(answers["pointed"]) == ["e0", "e0", "g0"]
    assert answers["left"] == []


def test_pointing_at_a_finding_explains_it(answers: Any) -> None:
    assert "Pleural effusion" in answers["tip"]
    assert "left lower zone" in answers["tip"]


def test_pointing_at_a_region_lights_the_words(answers: Any) -> None:
    assert sorted(answers["region"]) == ["e2", "e2", "g1"]


def test_pointing_at_a_recommendation_lights_its_words_and_the_other_way_round(
    answers: Any,
) -> None:
    assert answers["advice"] == ["advice-0", "advice-0"]
    assert answers["words"] == ["Chest CT recommended"]
    assert answers["passage"] == ["advice-0", "advice-0"]


def test_the_keyboard_does_the_same(answers: Any) -> None:
    assert answers["tabbable"] == 0
    assert sorted(answers["focused"]) == ["e2", "e2", "g1"]
    assert answers["blurred"] == []
    assert sorted(answers["entered"]) == ["e0", "e0", "g0"]


def test_a_click_keeps_the_light_until_escape_or_a_click_elsewhere(answers: Any) -> None:
    assert sorted(answers["pinned"]) == ["e0", "e0", "g0"]
    assert answers["pressed"] == "true"
    assert answers["escaped"] == []
    assert answers["dropped"] == []


def test_outlines_can_be_taken_off_the_image(answers: Any) -> None:
    assert answers["bare"] == "hidden"


def test_a_box_lies_on_its_pixels_at_any_size(answers: Any) -> None:
    assert answers["box"] == pytest.approx([50 / 80, 0.2, 60 / 80, 0.3], abs=2e-3)


def test_nothing_runs_off_the_side_of_a_narrow_screen(answers: Any) -> None:
    assert answers["overflow"] is False
