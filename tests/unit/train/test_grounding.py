"""``train_grounding``: drawn boxes → where findings usually lie."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from radnlp.errors import InputError
from radnlp.link.usual import ANYWHERE, THIRDS, Measure, load_usual, usual_of
from radnlp.schema import Box, Candidates
from radnlp.train import grounding
from radnlp.train.grounding import Drawn, GroundingTraining, fit_usual, habits_of, train_grounding

LUNG = Measure(midline=50, half_width=40, top=15, height=90, outwards=1.0)
TOPS = dict(zip(THIRDS, (15, 45, 75), strict=True))


def drawn(
    concept: str, zone: str, *, patient: int = 0, held_out: bool = False, wrong: bool = False
) -> Drawn:
    """A box in a third of the left lung; candidates lie on it and elsewhere."""
    top = TOPS.get(zone, 40)
    random = np.random.default_rng(patient)
    x, y = 60 + random.uniform(0, 8), top + random.uniform(2, 8)
    box = Box(x, y, x + 14, y + 16)
    spots = np.array([[x + 1, y, x + 15, y + 15], [65, 20, 85, 40], [16, 78, 36, 96]])
    spots[0] += 12 * wrong
    scores = np.array([0.1 if wrong else 0.6, 0.05, 0.3])

    def weighed(name: str) -> Candidates:
        return Candidates(concept=name, scores=scores, boxes=spots, weights="net@1")

    return Drawn(
        concept=concept,
        patient=str(patient),
        zone=zone,
        label=f"left_{zone}",
        named=Box(55, top, 90, top + 30),
        box=box,
        alike=(box,),
        measure=LUNG,
        candidates=weighed(concept),
        others=(weighed("other"),),
        held_out=held_out,
    )


def films(zones: tuple[str, ...] = THIRDS) -> list[Drawn]:
    """Boxes of three findings, every third patient held out."""
    concepts = ("mass", "nodule", "opacity")
    return [
        drawn(concepts[n % 3], zones[n // 3 % len(zones)], patient=n, held_out=n % 4 == 0,
              wrong=n % 5 == 0)
        for n in range(60)
    ]  # fmt: skip


def test_a_third_without_any_box_has_no_habit_and_is_placed_by_its_zone() -> None:
    habits = habits_of(films(("upper_zone", "lower_zone")))
    assert set(habits["mass"]) == {ANYWHERE, "upper_zone", "lower_zone"}
    table = fit_usual(films(("upper_zone", "lower_zone")))
    usual = usual_of(table)
    zone = Box(55, 45, 90, 75)
    habit = usual.habit("mass", ("left_mid_zone",), zone, LUNG)
    assert LUNG.box(habit.mean).center == pytest.approx(zone.center)
    assert usual.common_habit(("left_mid_zone",), zone, LUNG) is not None


def test_a_single_box_leaves_room_around_it() -> None:
    (zones,) = habits_of([drawn("mass", "mid_zone")]).values()
    assert all(min(habit.spread) > 0 for habit in zones.values())


def test_boxes_without_a_candidate_on_their_side_do_not_enter_the_confidence() -> None:
    elsewhere = np.array([[16, 78, 36, 96]])
    clean = films()
    blind = [
        replace(
            one,
            patient=f"blind {n}",
            held_out=True,
            candidates=replace(one.candidates, scores=np.array([0.9]), boxes=elsewhere),
            others=tuple(
                replace(other, scores=np.array([0.9]), boxes=elsewhere) for other in one.others
            ),
        )
        for n, one in enumerate(clean[:10])
    ]
    before, after = fit_usual(clean), fit_usual(clean + blind)
    for name in ("silent_below", "slope", "offset"):
        assert after[name] == pytest.approx(before[name])
    assert after["others"]["slope"] == pytest.approx(before["others"]["slope"], abs=0.2)
    assert after["held_out"]["boxes"] == before["held_out"]["boxes"] + 10
    assert after["held_out"]["well_placed"] < before["held_out"]["well_placed"]


def test_boxes_must_be_held_out_and_learned_from() -> None:
    with pytest.raises(InputError, match="expected both kinds"):
        fit_usual([replace(one, held_out=False) for one in films()])
    with pytest.raises(InputError, match="expected both kinds"):
        fit_usual([replace(one, held_out=True) for one in films()])


def test_pictures_that_show_nothing_on_any_side_are_refused_by_name() -> None:
    far = np.array([[16, 78, 36, 96]])
    blind = [
        replace(one, candidates=replace(one.candidates, scores=np.array([0.5]), boxes=far))
        for one in films()
    ]
    with pytest.raises(InputError, match="weighs no box"):
        fit_usual(blind)


def test_the_table_is_written_as_it_is_read(
    tmp_path: Path, films_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grounding, "drawn_boxes", lambda *_, **__: iter(films()))
    path = train_grounding(GroundingTraining(data=(films_folder,), output=tmp_path / "out"))
    usual = usual_of(json.loads(path.read_text(encoding="utf-8")))
    assert path.name == "usual.json"
    assert set(usual.habits) == {"mass", "nodule", "opacity"}
    assert usual.weights == "net@1"


def test_the_shipped_table_was_fitted_to_the_shipped_network() -> None:
    from radnlp.vision.encoder import Encoder

    assert load_usual().weights == Encoder("vision-lite0").name
