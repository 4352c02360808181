"""``radnlp train views``: chest films, turned by code, and drawn strangers → a guard."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch.nn import functional

from radnlp.errors import InputError
from radnlp.nets.weights import write_weights
from radnlp.train.augment import Augmentation, exposed
from radnlp.train.cache import read_grey
from radnlp.train.start import films_of, tell
from radnlp.train.strangers import FAMILIES, stranger
from radnlp.vision.encoder import Encoder
from radnlp.vision.view import ARCHITECTURE, PROJECTIONS, ViewKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from radnlp.train.films import Film

__all__ = ["KINDS", "ViewTraining", "fit_projection", "train_views", "variant"]

KINDS = tuple(ViewKind)

#: Side of a drawn stranger, in pixels.
_SIDE = 384
_LEAST_FILMS = 8
_RIDGE = 1e-3
_PROJECTION_RIDGE = 0.1
_EXPOSURE = Augmentation(gamma=0.3, contrast=0.15, brightness=0.05, haze=0.1, noise=0.02)


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewTraining:
    """Options of ``train_views``.

    Attributes:
        data: Folders, each with ``manifest.csv`` and ``images/`` as `read_films` describes.
        output: Folder for weights and card.
        network: Weights of the network for findings whose layouts are judged.
        films: Chest films of the train split, of all collections alike.
        strangers: Images that are drawn, of all families alike.
        projected: Train films known to be AP, and as many PA, to learn the projection from.
        seed: Decides films, held-out patients, variants and drawings.
        held_out: Part of the patients that the rule is not fitted to; thresholds come from them.
        threads: Threads of torch; ``None`` leaves its own choice.
        name: Name of the weights.

    Raises:
        InputError: An option is out of its range.
    """

    data: tuple[Path, ...]
    output: Path
    network: str | Path = "vision-lite0"
    films: int = 350
    strangers: int = 450
    projected: int = 400
    seed: int = 1
    held_out: float = 0.2
    threads: int | None = None
    name: str = "views-lite0"

    def __post_init__(self) -> None:
        if not self.data:
            raise InputError("train_views needs at least one data folder")
        if self.films < 20 or self.strangers < len(FAMILIES) or not 0 < self.held_out < 1:
            raise InputError(
                f"films must be at least 20, strangers at least {len(FAMILIES)} and held_out "
                f"between 0 and 1; got {self.films}, {self.strangers}, {self.held_out}"
            )


def variant(
    pixels: NDArray[np.float32], kind: ViewKind, random: np.random.Generator
) -> NDArray[np.float32]:
    """Return a chest film as an image of another kind.

    Args:
        pixels: Shape (rows, columns), a film as it is hung.
        kind: Any but ``other``.
        random: Decides which part is cut out.
    """
    if kind is ViewKind.MIRRORED:
        return pixels[:, ::-1]
    if kind is ViewKind.UPSIDE_DOWN:
        return pixels[::-1, ::-1]
    if kind in (ViewKind.TURNED_LEFT, ViewKind.TURNED_RIGHT):
        return np.rot90(pixels, 1 if kind is ViewKind.TURNED_LEFT else -1)
    if kind is ViewKind.INVERTED:
        return 1 - pixels
    if kind is ViewKind.PART:
        rows, columns = (int(side * random.uniform(0.35, 0.55)) for side in pixels.shape)
        top = int(random.integers(0, pixels.shape[0] - rows + 1))
        left = int(random.integers(0, pixels.shape[1] - columns + 1))
        return pixels[top : top + rows, left : left + columns]
    return pixels


def train_views(options: ViewTraining) -> Path:
    """Fit the rule and write ``NAME.safetensors`` with its card.

    Returns:
        The path of the weights.

    Raises:
        FileMissing: A folder or image is not there.
        InputError: Too few films.
        ModelNotFound: The network is not there.
    """
    if options.threads is not None:
        torch.set_num_threads(options.threads)
    encoder = Encoder(options.network)
    films = _chosen(options)
    layouts, kinds, held = _layouts(encoder, films, options)
    tensors, card = _fit(layouts, kinds, held)
    rule, told = fit_projection(encoder, options, tensors)
    tensors, card = {**tensors, **rule}, {**card, **told}
    path = options.output / f"{options.name}.safetensors"
    options.output.mkdir(parents=True, exist_ok=True)
    whole = {
        "name": options.name,
        "version": "1",
        "architecture": ARCHITECTURE,
        "network": encoder.name,
        "kinds": [str(kind) for kind in KINDS],
        **card,
        "training": {
            "seed": options.seed,
            "films": len(films),
            "strangers": options.strangers,
            "held_out": options.held_out,
        },
    }
    write_weights(path, tensors, whole)
    tell(f"wrote {path}")
    return path


def fit_projection(
    encoder: Encoder, options: ViewTraining, tensors: Mapping[str, torch.Tensor]
) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    """Fit the rule that tells AP from PA; nothing is fitted where no film says how it was taken.

    Args:
        encoder: The network for findings.
        options: Films and seed.
        tensors: Of the rule for views; its ``middle`` and ``spread`` are used.

    Returns:
        Tensors ``projection`` (channels * 9,) and ``projection_offset`` (1,), and what the card
        says of them.
    """
    train = [film for film in films_of(options.data) if film.split == "train"]
    random = np.random.default_rng(options.seed)
    order = [train[index] for index in random.permutation(len(train))]
    films = [
        film
        for view in PROJECTIONS
        for film in [one for one in order if one.view == view][: options.projected]
    ]
    is_ap = np.array([film.view == "AP" for film in films])
    held = np.array([film.share(options.seed) < options.held_out for film in films])
    if any(not part.any() for part in (is_ap & ~held, ~is_ap & ~held, held)):
        return {}, {}
    flat = np.stack(
        [encoder(read_grey(film.path)).layout.reshape(-1).astype(np.float64) for film in films]
    )
    middle, spread = (tensors[name].double().numpy() for name in ("middle", "spread"))
    standard = torch.from_numpy((flat - middle) / spread)
    fitted = torch.from_numpy(is_ap[~held].astype(np.int64))
    rule, offset = _logistic(standard[~held], fitted, kinds=2, ridge=_PROJECTION_RIDGE)
    rule, offset = rule[1] - rule[0], offset[1:] - offset[:1]
    right = ((standard[held] @ rule + offset).numpy() > 0) == is_ap[held]
    told = {"n": int(held.sum()), "right": round(float(right.mean()), 4)}
    tell(f"projection named right on held-out films: {told}")
    return (
        {"projection": rule.float(), "projection_offset": offset.float()},
        {"held_out_projection": told},
    )


def _chosen(options: ViewTraining) -> list[Film]:
    """Return train films, as many of each collection as there are, up to an equal share."""
    train = [film for film in films_of(options.data) if film.split == "train"]
    random = np.random.default_rng(options.seed)
    order = [train[index] for index in random.permutation(len(train))]
    pools = sorted({film.pool for film in order})
    share = -(-options.films // max(len(pools), 1))
    chosen = [film for pool in pools for film in [f for f in order if f.pool == pool][:share]]
    if len(chosen) < _LEAST_FILMS:
        raise InputError(f"{len(chosen)} train films; expected at least {_LEAST_FILMS}")
    return chosen


def _layouts(
    encoder: Encoder, films: Sequence[Film], options: ViewTraining
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.bool_]]:
    """Return layouts (n, channels, 3, 3), kinds (n,) and which are held out (n,)."""
    layouts, kinds, held = [], [], []
    for number, (pixels, kind, out) in enumerate(_images(films, options)):
        layouts.append(encoder(np.ascontiguousarray(pixels)).layout.astype(np.float64))
        kinds.append(KINDS.index(kind))
        held.append(out)
        if number % 500 == 499:
            tell(f"{number + 1} images seen")
    return np.stack(layouts), np.array(kinds), np.array(held)


def _images(
    films: Sequence[Film], options: ViewTraining
) -> Iterator[tuple[NDArray[np.float32], ViewKind, bool]]:
    random = np.random.default_rng(options.seed)
    for film in films:
        pixels = read_grey(film.path)
        out = film.share(options.seed) < options.held_out
        for kind in KINDS:
            if kind is not ViewKind.OTHER:
                yield _shown(variant(pixels, kind, random), random), kind, out
    names = list(FAMILIES)
    for number in range(options.strangers):
        drawn = stranger(names[number % len(names)], _SIDE, random)
        yield drawn, ViewKind.OTHER, bool(random.random() < options.held_out)


def _shown(pixels: NDArray[np.float32], random: np.random.Generator) -> NDArray[np.float32]:
    """Return the image under another exposure, as scanners and displays vary it."""
    generator = torch.Generator().manual_seed(int(random.integers(2**31)))
    image = torch.from_numpy(np.ascontiguousarray(pixels))[None, None]
    return np.asarray(exposed(image, _EXPOSURE, generator)[0, 0].clamp(0, 1).numpy(), np.float32)


def _fit(
    layouts: NDArray[np.float64], kinds: NDArray[np.int64], held: NDArray[np.bool_]
) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    """Fit rule and distance on what is not held out; measure both on what is."""
    flat = layouts.reshape(len(layouts), -1)
    middle, spread = flat[~held].mean(axis=0), flat[~held].std(axis=0) + 1e-3
    standard = torch.from_numpy((flat - middle) / spread)
    fitted = torch.from_numpy(kinds[~held])
    rule, offset = _logistic(standard[~held], fitted, kinds=len(KINDS), ridge=_RIDGE)
    scores = (standard @ rule.T + offset).numpy()
    frontal = kinds == KINDS.index(ViewKind.FRONTAL)
    pooled = layouts.mean(axis=(2, 3))
    home = pooled[frontal & ~held].mean(axis=0)
    spread_of = np.cov(pooled[frontal & ~held].T)
    shrunk = 0.8 * spread_of + 0.2 * np.trace(spread_of) / len(spread_of) * np.eye(len(spread_of))
    whiten = np.linalg.cholesky(np.linalg.inv(shrunk)).T
    distance = np.sqrt((((pooled - home) @ whiten.T) ** 2).sum(axis=1))
    right = scores.argmax(axis=1) == kinds
    recall = {
        str(kind): round(float(right[held & (kinds == number)].mean()), 4)
        for number, kind in enumerate(KINDS)
        if (held & (kinds == number)).any()
    }
    tell(f"held-out share that is named right: {recall}")
    tensors = {
        "middle": middle,
        "spread": spread,
        "rule": rule.numpy(),
        "offset": offset.numpy(),
        "home": home,
        "whiten": whiten,
    }
    card = {
        "distance": round(float(np.quantile(distance[frontal & held], 0.99)), 4),
        "held_out_recall": recall,
    }
    return {name: torch.from_numpy(value).float() for name, value in tensors.items()}, card


def _logistic(
    features: torch.Tensor, target: torch.Tensor, *, kinds: int, ridge: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return rule (kinds, n) and offset (kinds,) of a ridged multinomial logistic regression."""
    rule = torch.zeros(kinds, features.shape[1], dtype=torch.float64, requires_grad=True)
    offset = torch.zeros(kinds, dtype=torch.float64, requires_grad=True)
    weight = 1.0 / torch.bincount(target, minlength=kinds).clamp(min=1).double()
    search = torch.optim.LBFGS([rule, offset], max_iter=200, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        search.zero_grad()
        value = functional.cross_entropy(features @ rule.T + offset, target, weight=weight)
        value = value + ridge * (rule**2).sum()
        value.backward()  # type: ignore[no-untyped-call]
        return value

    search.step(loss)  # type: ignore[no-untyped-call]
    return rule.detach(), offset.detach()
