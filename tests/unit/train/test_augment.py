"""Films and their masks move together, and nothing is mirrored."""

from __future__ import annotations

import torch

from radnlp.train.augment import Augmentation, augment
from radnlp.train.places import box_iou, move_boxes

STILL = Augmentation(gamma=0, contrast=0, brightness=0, clip=0, noise=0, haze=0, blur=0)


def batch() -> tuple[torch.Tensor, torch.Tensor]:
    images = torch.zeros(6, 1, 128, 128)
    images[:, :, 40:80, 70:100] = 1
    masks = torch.nn.functional.avg_pool2d(images, 2).expand(-1, 4, -1, -1)
    return images, masks


def test_masks_follow_the_film() -> None:
    images, masks, warps = augment(*batch(), STILL, torch.Generator().manual_seed(1))
    assert masks.shape == (6, 4, 32, 32)
    assert warps.shape == (6, 2, 3)
    small = torch.nn.functional.avg_pool2d(images, 4)
    assert (small[:, 0] - masks[:, 0]).abs().mean() < 0.01


def test_a_box_moved_by_the_warp_lies_on_what_it_held() -> None:
    images, _, warps = augment(*batch(), STILL, torch.Generator().manual_seed(5))
    given = torch.tensor([[0.0, 70.0, 40.0, 100.0, 80.0]])
    for image, warp in zip(images[:, 0], warps, strict=True):
        ys, xs = torch.nonzero(image > 0.5, as_tuple=True)
        seen = torch.tensor([xs.min(), ys.min(), xs.max() + 1, ys.max() + 1]).float()
        moved = move_boxes(given, warp, 128, 128)[0, 1:]
        assert box_iou(moved, seen) > 0.75
        assert box_iou(given[0, 1:], seen) < box_iou(moved, seen)


def test_the_same_seed_gives_the_same_films() -> None:
    first = augment(*batch(), Augmentation(), torch.Generator().manual_seed(2))[0]
    second = augment(*batch(), Augmentation(), torch.Generator().manual_seed(2))[0]
    torch.testing.assert_close(first, second)


def test_image_right_stays_image_right() -> None:
    images, _, _ = augment(*batch(), STILL, torch.Generator().manual_seed(3))
    columns = images.sum(dim=(1, 2))
    assert (columns[:, 64:].sum(dim=1) > columns[:, :64].sum(dim=1)).all()


def test_another_side_shows_the_same_film_smaller() -> None:
    large, _, _ = augment(*batch(), STILL, torch.Generator().manual_seed(4))
    small, masks, _ = augment(
        *batch(), STILL, torch.Generator().manual_seed(4), mask_stride=2, side=64
    )
    assert (small.shape[-1], masks.shape[-1]) == (64, 32)
    assert (torch.nn.functional.avg_pool2d(large, 2) - small).abs().mean() < 0.01
