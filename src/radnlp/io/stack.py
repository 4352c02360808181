"""Slices in any order → one stack, sorted by position along the normal, or the reason why not."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from radnlp.errors import (
    DuplicateSlices,
    MixedPatients,
    MixedSlices,
    NotAVolume,
    SeveralSeries,
    UnevenSlices,
)
from radnlp.io.patient import count_patients
from radnlp.io.slices import Slice, phase_names, series_id

if TYPE_CHECKING:
    from collections.abc import Sequence


# Directions and pixel distances that differ by less are the same, rounded otherwise.
_SAME_COSINE = 1e-3
_SAME_SPACING = 1e-3
# Nearer than this part of a millimetre along the normal, two slices are at one place.
_SAME_PLACE_MM = 1e-2
# How far a slice may lie from its even place, as a part of the distance between slices.
GAP_TOLERANCE = 0.1
# How far the slices may be shifted within their plane against a straight line, in pixels.
_SHIFT_PIXELS = 1.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Stack:
    """Slices of one series, in order of their position along the normal.

    Attributes:
        slices: The slices, at least two.
        step_mm: From one slice's position to the next one's, LPS axes, shape (3,).
    """

    slices: tuple[Slice, ...]
    step_mm: NDArray[np.float64]


def choose_series(slices: Sequence[Slice], wanted: str | None) -> list[Slice]:
    """Return the slices of one series.

    Args:
        slices: Of any number of series, at least one slice.
        wanted: First digits of the series' id; ``None`` takes the only one.

    Raises:
        MixedPatients: They are of several patients.
        SeveralSeries: There are several and ``wanted`` is ``None``; or none is called so.
    """
    patients = count_patients(one.patient for one in slices)
    if patients > 1:
        raise MixedPatients(
            f"the files are of {patients} patients, expected those of one; put each patient's "
            "files into a folder of their own"
        )
    series: dict[str, list[Slice]] = defaultdict(list)
    for one in slices:
        series[series_id(one.series) or "unnamed"].append(one)
    told = ", ".join(f"{name} ({_what(found)})" for name, found in series.items())
    if wanted is None:
        if len(series) > 1:
            raise SeveralSeries(
                f"found {len(series)} series: {told}; expected one; choose it with "
                f"series={next(iter(series))!r}"
            )
        return list(slices)
    fitting = [name for name in series if wanted and name.startswith(wanted.lower())]
    if len(fitting) != 1:
        raise SeveralSeries(
            f"{len(fitting)} series are called {wanted!r}, expected one of {told}; "
            "give more or other digits"
        )
    return series[fitting[0]]


def _what(slices: Sequence[Slice]) -> str:
    first = slices[0]
    return (
        f"{first.modality or 'no modality'}, {len(slices)} slices of {first.rows} x {first.columns}"
    )


def stack_slices(slices: Sequence[Slice], *, gap_tolerance: float = GAP_TOLERANCE) -> Stack:
    """Sort the slices of one series by position along the normal, and check that they are a stack.

    Instance numbers and file names play no part.

    Raises:
        NotAVolume: Fewer than two slices.
        MixedSlices: They differ in size, orientation, pixel spacing, modality or unit, or are
            shifted against one another.
        DuplicateSlices: Two lie at one place.
        UnevenSlices: The distances between them differ by more than ``gap_tolerance`` of the
            distance between slices.

    Source:
        DICOM PS3.3 C.7.6.2.1.1: Image Position and Orientation (Patient).
    """
    if len(slices) < 2:
        raise NotAVolume(
            f"{slices[0].name}: found one slice of its series, expected at least two; give its "
            "folder or all its files, or use radnlp.read_image"
        )
    _check_alike(slices)
    normal = np.array(slices[0].plane.normal)
    places = np.array([one.plane.position_mm for one in slices], dtype=np.float64)
    order = np.argsort(places @ normal, kind="stable")
    ordered = tuple(slices[index] for index in order)
    places = places[order]
    _check_duplicates(ordered, places @ normal)
    _check_even(ordered, places @ normal, gap_tolerance)
    step = (places[-1] - places[0]) / (len(ordered) - 1)
    _check_straight(ordered, places, step)
    return Stack(slices=ordered, step_mm=step)


def _check_alike(slices: Sequence[Slice]) -> None:
    first = slices[0]
    traits = {
        "sizes": len({(one.rows, one.columns) for one in slices}),
        "modalities": len({one.modality for one in slices}),
        "units": len({one.unit for one in slices}),
        "photometric interpretations": len({one.inverted for one in slices}),
        "orientations": _distinct([_cosines(one) for one in slices], _SAME_COSINE),
        "pixel spacings": _distinct(
            [np.array([one.plane.row_mm, one.plane.column_mm]) for one in slices], _SAME_SPACING
        ),
    }
    mixed = [f"{count} {what}" for what, count in traits.items() if count > 1]
    if mixed:
        raise MixedSlices(
            f"{first.name} and the other slices of its series ({len(slices)} in all) have "
            f"{', '.join(mixed)}, expected one of each; leave out localizers and other stacks by "
            "giving the files of one stack"
        )


def _cosines(one: Slice) -> NDArray[np.float64]:
    return np.array([*one.plane.row_cosines, *one.plane.column_cosines])


def _distinct(vectors: list[NDArray[np.float64]], tolerance: float) -> int:
    kinds: list[NDArray[np.float64]] = []
    for vector in vectors:
        if not any(np.abs(vector - kind).max() <= tolerance for kind in kinds):
            kinds.append(vector)
    return len(kinds)


def _check_duplicates(slices: Sequence[Slice], along: NDArray[np.float64]) -> None:
    same = np.flatnonzero(np.diff(along) < _SAME_PLACE_MM)
    if not same.size:
        return
    one, other = slices[same[0]], slices[same[0] + 1]
    copies = one.instance != "" and (one.instance, one.frame) == (other.instance, other.frame)
    differ = phase_names(one, other)
    if copies:
        advice = "they are copies of one instance; leave out the second"
    elif differ:
        advice = (
            f"they differ in {', '.join(differ)}, so these may be several passes or phases; give "
            "the files of one"
        )
    else:
        advice = "leave out one of each pair"
    raise DuplicateSlices(
        f"{one.name} (frame {one.frame}) and {other.name} (frame {other.frame}) lie at one place "
        f"({along[same[0]]:.2f} mm along the normal), as do {len(same)} pairs in all, expected one "
        f"slice at each place; {advice}"
    )


def _check_even(slices: Sequence[Slice], along: NDArray[np.float64], gap_tolerance: float) -> None:
    steps = np.diff(along)
    usual = float(np.median(steps))
    even = along[0] + (along[-1] - along[0]) / len(steps) * np.arange(len(along))
    off = np.abs(steps - usual) > gap_tolerance * usual
    if not off.any() and float(np.abs(along - even).max()) <= gap_tolerance * usual:
        return
    worst = int(np.argmax(np.abs(steps - usual)))
    missing = int(sum(max(0, round(step / usual) - 1) for step in steps))
    found = (
        f"about {missing} slices are missing"
        if missing
        else f"{int(off.sum())} distances differ from the usual one"
    )
    raise UnevenSlices(
        f"{found}: between {slices[worst].name} and {slices[worst + 1].name} lie "
        f"{steps[worst]:.2f} mm, expected {usual:.2f} mm as between most of the {len(slices)} "
        "slices; find the missing files, or give an evenly spaced part of the series"
    )


def _check_straight(
    slices: Sequence[Slice], places: NDArray[np.float64], step: NDArray[np.float64]
) -> None:
    plane = slices[0].plane
    axes = np.array([plane.row_cosines, plane.column_cosines])
    line = places[0] + np.arange(len(slices))[:, None] * step
    shift = np.abs((places - line) @ axes.T) / (plane.column_mm, plane.row_mm)
    worst = int(np.argmax(shift.max(axis=1)))
    if float(shift[worst].max()) > _SHIFT_PIXELS:
        raise MixedSlices(
            f"{slices[worst].name} is shifted within its plane by {shift[worst].max():.1f} pixels "
            f"against the other {len(slices) - 1} slices, expected them straight above one "
            "another; give the files of one stack"
        )


__all__ = ["GAP_TOLERANCE", "Stack", "choose_series", "stack_slices"]
