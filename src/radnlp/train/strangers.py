"""Images that are no frontal chest films, drawn by code: what the guard learns to turn away.

No data set of other body parts may be used for shipped weights, so the shapes that such images
are made of are drawn: long bones, rings of skull, slices of a body, a breast at an edge, noise,
letters, scenes. They are coarse on purpose; real images of other parts are for measuring only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["FAMILIES", "stranger"]

Grey = NDArray[np.float32]


def _grid(size: int) -> tuple[Grey, Grey]:
    """Return x and y of every pixel, from -1 to 1."""
    axis = np.linspace(-1, 1, size, dtype=np.float32)
    x, y = np.meshgrid(axis, axis)
    return x, y


def _cloud(size: int, random: np.random.Generator, roughness: float) -> Grey:
    """Return smooth noise from 0 to 1; the rougher, the more of it is fine."""
    total = np.zeros((size, size), np.float32)
    cells, weight = 3, 1.0
    while cells < size:
        coarse = random.normal(size=(cells, cells)).astype(np.float32)
        rows = np.linspace(0, cells - 1, size)
        low = np.floor(rows).astype(int).clip(0, cells - 2)
        part = (rows - low).astype(np.float32)
        down = coarse[low] * (1 - part)[:, None] + coarse[low + 1] * part[:, None]
        total += weight * (down[:, low] * (1 - part) + down[:, low + 1] * part)
        cells, weight = cells * 2, weight * roughness
    return np.asarray((total - total.min()) / max(float(np.ptp(total)), 1e-6), np.float32)


def _ellipse(
    size: int, middle: tuple[float, float], radii: tuple[float, float], turn: float = 0.0
) -> Grey:
    """Return how far each pixel lies from the middle, 1 on the ellipse."""
    x, y = _grid(size)
    (x0, y0), (rx, ry) = middle, radii
    cos, sin = np.cos(turn), np.sin(turn)
    u, v = (x - x0) * cos + (y - y0) * sin, (y - y0) * cos - (x - x0) * sin
    return np.asarray(np.sqrt((u / rx) ** 2 + (v / ry) ** 2), np.float32)


def _two(random: np.random.Generator, low: float, high: float) -> tuple[float, float]:
    return random.uniform(low, high), random.uniform(low, high)


def _soft(inside: Grey, edge: float) -> Grey:
    """Return 1 inside, 0 outside, with an edge of that width."""
    return np.asarray(1 / (1 + np.exp(np.clip((inside - 1) / edge, -30, 30))), np.float32)


def _noise(size: int, random: np.random.Generator) -> Grey:
    return random.random((size, size)).astype(np.float32)


def _clouds(size: int, random: np.random.Generator) -> Grey:
    return _cloud(size, random, float(random.uniform(0.3, 0.9)))


def _ramp(size: int, random: np.random.Generator) -> Grey:
    x, y = _grid(size)
    turn = random.uniform(0, 2 * np.pi)
    waves = random.choice([0.0, 3.0, 9.0])
    slope = x * np.cos(turn) + y * np.sin(turn)
    return np.asarray(slope if waves == 0 else np.sin(slope * waves), np.float32)


def _bones(size: int, random: np.random.Generator) -> Grey:
    """Draw long bones in soft tissue: limbs, fingers, a spine of blocks."""
    x, y = _grid(size)
    turn = random.uniform(-0.6, 0.6)
    u, v = x * np.cos(turn) + y * np.sin(turn), y * np.cos(turn) - x * np.sin(turn)
    count = int(random.integers(1, 6))
    places = np.linspace(-0.6, 0.6, count) if count > 1 else np.array([random.uniform(-0.3, 0.3)])
    drawn = np.zeros((size, size), np.float32)
    for place in places:
        thick = random.uniform(0.05, 0.25) / max(1.0, count / 3)
        joint = random.uniform(-0.5, 0.5)
        wide = thick * (1 + 0.8 * np.exp(-(((v - joint) / 0.15) ** 2)))
        gap = np.where(np.abs(v - joint) < random.uniform(0.01, 0.05), 0.3, 1.0)
        tissue = np.exp(-(((u - place) / (3 * wide)) ** 2))
        bone = _soft(np.abs(u - place) / wide, 0.1)
        drawn = np.maximum(
            drawn, np.maximum(0.35 * tissue, (0.6 + 0.4 * random.random()) * bone * gap)
        )
    return drawn + 0.08 * _cloud(size, random, 0.7)


def _skull(size: int, random: np.random.Generator) -> Grey:
    far = _ellipse(
        size, _two(random, -0.1, 0.1), _two(random, 0.5, 0.85), random.uniform(-0.3, 0.3)
    )
    ring = np.exp(-(((far - 1) / random.uniform(0.03, 0.1)) ** 2))
    inside = _soft(far, 0.03) * (0.3 + 0.3 * _cloud(size, random, random.uniform(0.4, 0.8)))
    return np.asarray(np.maximum(ring, inside), np.float32)


def _slice(size: int, random: np.random.Generator) -> Grey:
    """Draw a slice across a body: an ellipse with organs, with or without dark lungs."""
    body = _soft(
        _ellipse(size, (0, 0), (random.uniform(0.7, 0.95), random.uniform(0.5, 0.75))), 0.02
    )
    drawn = body * (0.45 + 0.1 * _cloud(size, random, 0.6))
    for _ in range(int(random.integers(2, 7))):
        place, radii = _two(random, -0.5, 0.5), _two(random, 0.08, 0.35)
        far = _ellipse(size, place, radii, random.uniform(0, 3))
        grey = random.choice([0.05, 0.2, 0.55, 0.7, 0.95], p=[0.3, 0.1, 0.25, 0.25, 0.1])
        drawn = np.where(far < 1, grey + 0.05 * random.normal(size=drawn.shape), drawn)
    return np.asarray(drawn, np.float32)


def _breast(size: int, random: np.random.Generator) -> Grey:
    middle = (float(random.choice([-1.0, 1.0])), random.uniform(-0.2, 0.2))
    far = _ellipse(size, middle, (random.uniform(0.6, 1.2), 0.8))
    return _soft(far, 0.03) * (0.3 + 0.6 * _cloud(size, random, random.uniform(0.5, 0.9)))


def _letters(size: int, random: np.random.Generator) -> Grey:
    """Draw rows of short strokes on a plain ground: a page, a form, a screen."""
    drawn = np.full((size, size), random.choice([0.0, 1.0]), np.float32)
    ink, line = 1 - drawn[0, 0], int(random.integers(6, 20))
    for top in range(line, size - line, line):
        at = int(random.integers(0, size // 6))
        while at < size - line:
            wide = int(random.integers(1, max(2, line)))
            if random.random() < 0.8:
                drawn[top : top + max(1, line // 2), at : at + wide] = ink
            at += wide + int(random.integers(1, 6))
    return drawn


def _scene(size: int, random: np.random.Generator) -> Grey:
    """Draw overlapping shapes with shading, as in a photograph."""
    drawn = 0.4 + 0.5 * _cloud(size, random, 0.4)
    for _ in range(int(random.integers(4, 16))):
        place, radii = _two(random, -1, 1), _two(random, 0.05, 0.7)
        far = _ellipse(size, place, radii, random.uniform(0, 3))
        if random.random() < 0.5:
            x, y = _grid(size)
            wide, high = random.uniform(0.05, 0.6, size=2)
            far = np.maximum(np.abs(x - place[0]) / wide, np.abs(y - place[1]) / high)
        shade = random.random() + 0.3 * _cloud(size, random, random.uniform(0.3, 0.9))
        drawn = np.where(far < 1, shade, drawn)
    return np.asarray(drawn, np.float32)


def _phantom(size: int, random: np.random.Generator) -> Grey:
    """Draw a test object: bars, steps and discs on a plate."""
    x, y = _grid(size)
    drawn = np.full((size, size), 0.5, np.float32)
    for n in range(int(random.integers(2, 9))):
        left, top = random.uniform(-0.9, 0.6, size=2)
        inside = (x > left) & (x < left + 0.3) & (y > top) & (y < top + 0.3)
        bars = np.sin(x * random.uniform(10, 120)) > 0
        drawn = np.where(inside & (bars if n % 2 else True), random.random(), drawn)
    return drawn.astype(np.float32)


FAMILIES: dict[str, Callable[[int, np.random.Generator], Grey]] = {
    "noise": _noise,
    "clouds": _clouds,
    "ramp": _ramp,
    "bones": _bones,
    "skull": _skull,
    "slice": _slice,
    "breast": _breast,
    "letters": _letters,
    "scene": _scene,
    "phantom": _phantom,
}


def stranger(family: str, size: int, random: np.random.Generator) -> Grey:
    """Return one image of a family, shape (size, size), values from 0 to 1.

    Examples:
        >>> image = stranger("skull", 64, np.random.default_rng(0))
        >>> image.shape, float(image.min()) >= 0, float(image.max()) <= 1
        ((64, 64), True, True)
    """
    drawn = FAMILIES[family](size, random)
    if random.random() < 0.3:
        drawn = -drawn
    if random.random() < 0.5:
        grain = random.uniform(0, 0.1) * random.normal(size=drawn.shape)
        drawn = drawn + grain.astype(np.float32)
    low, high = float(drawn.min()), float(drawn.max())
    return np.asarray((drawn - low) / max(high - low, 1e-6), np.float32)
