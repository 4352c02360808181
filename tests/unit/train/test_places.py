"""Boxes move with their film."""

from __future__ import annotations

import math

import torch
from hypothesis import given
from hypothesis import strategies as st

from radnlp.train.places import box_iou, move_boxes

STILL = torch.tensor([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
BOX = torch.tensor([[4.0, 20.0, 30.0, 60.0, 50.0]])


def test_a_warp_that_does_nothing_leaves_a_box_where_it_is() -> None:
    torch.testing.assert_close(move_boxes(BOX, STILL, 100, 100), BOX)


def test_a_box_grows_with_its_film() -> None:
    torch.testing.assert_close(
        move_boxes(BOX, STILL, 100, 200)[0, 1:], torch.tensor([40.0, 60.0, 120.0, 100.0])
    )


def test_a_box_that_leaves_the_film_is_dropped() -> None:
    away = torch.tensor([[1.0, 0.0, 3.0], [0.0, 1.0, 0.0]])
    assert move_boxes(BOX, away, 100, 100).shape == (0, 5)


@given(
    shift=st.floats(-0.1, 0.1),
    zoom=st.floats(0.8, 1.25),
    turn=st.floats(-0.12, 0.12),
)
def test_a_box_stays_on_what_it_holds(shift: float, zoom: float, turn: float) -> None:
    film = torch.zeros(1, 1, 100, 100)
    film[..., 30:50, 20:60] = 1
    cos, sin = math.cos(turn) * zoom, math.sin(turn) * zoom
    warp = torch.tensor([[cos, -sin, shift], [sin, cos, -shift]])
    grid = torch.nn.functional.affine_grid(warp[None], [1, 1, 100, 100], align_corners=False)
    moved = torch.nn.functional.grid_sample(film, grid, align_corners=False)[0, 0] > 0.5
    ys, xs = torch.nonzero(moved, as_tuple=True)
    seen = torch.tensor([xs.min(), ys.min(), xs.max() + 1, ys.max() + 1]).float()
    assert box_iou(move_boxes(BOX, warp, 100, 100)[0, 1:], seen) > 0.6


def test_iou_is_one_for_a_box_itself_and_none_apart() -> None:
    boxes = torch.tensor([[0.0, 0.0, 2.0, 2.0], [5.0, 5.0, 6.0, 6.0]])
    torch.testing.assert_close(box_iou(boxes[:1], boxes), torch.tensor([1.0, 0.0]))
