"""Has a decoder word the findings: `radnlp.nets.writer`, or anybody else's writer.

The decoder gets one plan per sentence, so every sentence keeps the evidence of its statements, and
is read back like all others. What it cannot say (measurements, misplaced tubes, changes of extent),
and what it says with more than its evidence, the templates say.
"""

from __future__ import annotations

from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from radnlp.report.compose import ReportOptions, Writer, compose
from radnlp.report.phrases import load_phrases
from radnlp.report.statement import Claim, Statement
from radnlp.report.template import made_by
from radnlp.schema import Change, DraftSection, Provenance, Sentence, Side
from radnlp.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from radnlp.report.style import Style
    from radnlp.schema import (
        Draft,
        Image,
        Report,
        Study,
        StudyReading,
        TextReading,
    )

#: Most findings that one sentence denies; the decoder has learned from no longer lists.
_MOST_DENIED = 4
_CLAIMS = {Claim.PRESENT: "present", Claim.POSSIBLE: "possible", Claim.ABSENT: "absent"}
_FRONTAL = ("PA", "AP")
_CHANGES = {Change.NEW: "new", Change.STABLE: "stable", Change.RESOLVED: "gone"}


class _Planned(NamedTuple):
    """A plan in the decoder's words, and the statements that it says."""

    plan: str
    says: tuple[Statement, ...]


class Sight(NamedTuple):
    """What a network saw of the images of a study.

    Attributes:
        patches: Per image id, shape (patches, channels); frontal films first.
        images: Of each finding and region, by its id, the id of its image.
    """

    patches: Mapping[str, NDArray[np.float32]]
    images: Mapping[str, str]

    def of(self, statement: Statement) -> NDArray[np.float32]:
        """Return the patches of the image that a statement is about, or zeros.

        It is about the image that its evidence lies in; what only the report says is about the
        first. Where the side is open it is not known, and the decoder would guess it from the
        image; so it sees the image only where it is told where to look.
        """
        lies = (self.images.get(id, "") for id in statement.evidence)
        first = next(iter(self.patches))
        patches = self.patches[next((id for id in lies if id in self.patches), first)]
        return patches if statement.side is not None else np.zeros_like(patches)


class Decoder:
    """Words statements with the small decoder; a `radnlp.report.compose.Writer`.

    Args:
        weights: A file, a folder, or the name of shipped weights.

    Raises:
        ModelNotFound: There are no such weights.
        ModelRejected: They do not fit.
    """

    def __init__(self, weights: str | Path = "writer-mini0") -> None:
        # transformers is loaded only where somebody asks for the decoder.
        from radnlp.nets.writer import load_writer

        self._loaded = load_writer(weights)
        self.provenance = Provenance(
            producer="radnlp.report.writer",
            version=__version__,
            weights=self._loaded.weights.name,
        )
        #: ``name@sha256`` of the network whose patches it has learned to see.
        self.sees: str | None = self._loaded.weights.card.get("training", {}).get("vision")

    def __call__(
        self,
        statements: Sequence[Statement],
        style: Style,
        *,
        sight: Sight | None = None,
    ) -> list[Sentence]:
        """Return one sentence per statement, and one per group and four findings plainly denied.

        Args:
            statements: In the reader's order.
            style: Whether it writes notes or sentences.
            sight: The images, by the network that it knows; ``None`` where none was read by it.
        """
        import torch

        from radnlp.nets.writer import write

        planned = list(_plans(statements, style))
        seen = [sight.of(one.says[0]) for one in planned] if sight is not None else []
        texts = write(
            self._loaded,
            [one.plan for one in planned],
            torch.from_numpy(np.stack(seen)) if seen else None,
        )
        return [
            Sentence(
                text=text,
                section=DraftSection.FINDINGS,
                evidence=tuple(dict.fromkeys(id for what in one.says for id in what.evidence)),
                provenance=self.provenance,
            )
            for text, one in zip(texts, planned, strict=True)
            if text
        ]


def _plans(statements: Sequence[Statement], style: Style) -> Iterator[_Planned]:
    phrases = load_phrases()
    for _, group in groupby(statements, key=lambda one: phrases.group(one.concept)):
        denied: list[Statement] = []
        for one in group:
            if one.claim == Claim.ABSENT and one.change is None and not one.side:
                denied.append(one)
            elif one.claim in _CLAIMS and not one.misplaced and _sayable(one):
                yield _Planned(_plan([one], style), (one,))
        own = [one for one in denied if one.concept in phrases.absent]
        plain = [one for one in denied if one not in own]
        lists = [plain[n : n + _MOST_DENIED] for n in range(0, len(plain), _MOST_DENIED)]
        for some in (*lists, *([one] for one in own)):
            yield _Planned(_plan(some, style), tuple(some))


def _sayable(one: Statement) -> bool:
    """Tell whether the decoder has words for the name and the change, if there is one."""
    if one.term is not None:
        return False
    if one.change is None:
        return True
    if one.change is Change.STABLE and not one.same_extent:
        return False
    return one.change in _CHANGES and one.claim != Claim.POSSIBLE


def _plan(statements: Sequence[Statement], style: Style) -> str:
    from radnlp.nets.writer import plan_text

    phrases, first = load_phrases(), statements[0]
    claim = _CLAIMS[first.claim] if first.change is None else _CHANGES[first.change]
    return plan_text(
        style=str(style.form),
        claim=claim,
        extent=first.severity or "",
        side=first.side or "",
        place=phrases.nouns.get(first.place or "", ""),
        names=[phrases.name(one.concept) for one in statements],
    )


class WriterReport:
    """Has the decoder, or somebody else, word the findings.

    Args:
        writer: Takes the statements, with their evidence, and the style; returns sentences.
            ``None`` for the decoder.
        options: All have defaults.
        weights: Of the decoder, if no writer is given.

    Raises:
        ModelNotFound: There are no such weights.
        ModelRejected: They do not fit.

    Examples:
        >>> def silent(statements, style):
        ...     return []
        >>> WriterReport(silent).options.style.form
        <Form.TELEGRAPHIC: 'telegraphic'>
    """

    def __init__(
        self,
        writer: Writer | None = None,
        options: ReportOptions | None = None,
        *,
        weights: str | Path = "writer-mini0",
    ) -> None:
        self.options = options or ReportOptions()
        self._decoder = Decoder(weights) if writer is None else None
        self.writer = self._decoder or writer
        self.provenance = getattr(self.writer, "provenance", None) or made_by("writer")

    def __call__(
        self, study: Study, found: StudyReading, read: Callable[[Report], TextReading]
    ) -> Draft | None:
        """Return a draft as `TemplateReport` does; the templates say what the writer does not."""
        writer = self.writer
        if self._decoder is not None:
            writer = partial(self._decoder, sight=look(study, found, self._decoder.sees))
        return compose(study, found, read, self.options, writer)


def look(study: Study, found: StudyReading, encoder: str | None) -> Sight | None:
    """Return what a network saw of a study; ``None`` if it read none of the images.

    Args:
        study: Its images tell the view, and which of them lie mirrored.
        found: The readings, with the patches.
        encoder: ``name@sha256`` of the network.
    """
    seen = {one.image_id: one.embedding for one in found.images}
    patches = {
        image.id: _as_hung(image, embedding.patches)
        for image in sorted(study.images, key=lambda one: one.view not in _FRONTAL)
        if (embedding := seen.get(image.id)) is not None and embedding.encoder == encoder
    }
    if not patches:
        return None
    lies = {one.id: one.image_id for one in found.links.regions}
    for reading in found.images:
        lies |= {one.id: one.image_id for one in reading.findings}
        lies |= {one.id: one.image_id for one in reading.regions}
    return Sight(patches, lies)


def _as_hung(image: Image, patches: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return patches row by row, the patient's right first, as the decoder has learned them."""
    if image.orientation.image_left is Side.LEFT:
        patches = patches[:, ::-1]
    return patches.reshape(-1, patches.shape[2])


__all__ = ["Decoder", "Sight", "WriterReport", "look"]
