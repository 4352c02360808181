"""The corridor: which stage follows which, and nothing else.

io → text / vision → link → report. Rooms do not know each other; what one needs of another is
handed over here, as a value or as a callable.
"""

from __future__ import annotations

import threading
from dataclasses import replace
from functools import lru_cache
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from radnlp.errors import InputError
from radnlp.registry import Registry, link_stages, report_stages, text_stages, vision_stages
from radnlp.schema import (
    Analysis,
    Draft,
    Entity,
    Failure,
    Image,
    ImageReading,
    LinkReading,
    Notice,
    Provenance,
    Report,
    Study,
    StudyReading,
    TextReading,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

# What `radnlp.io.read_image` takes; the libraries behind these types are imported only there.
AnyImage: TypeAlias = Any


class TextStage(Protocol):
    """Reads a report."""

    def __call__(self, report: Report, /) -> TextReading:
        """Return sections, entities and relations."""
        ...


class VisionStage(Protocol):
    """Looks at an image.

    A stage may have ``mirrored(image, reading) -> ImageReading`` besides: what it sees in the
    mirror image, mirrored back. Then a conflict on a side is kept only if both looks bear it out.
    """

    def __call__(self, image: Image, /) -> ImageReading:
        """Return image findings, anatomy regions with masks, and heat maps."""
        ...


class LinkStage(Protocol):
    """Ties words to places."""

    def __call__(
        self, study: Study, entities: Sequence[Entity], readings: Sequence[ImageReading], /
    ) -> LinkReading:
        """Return new regions, links and conflicts."""
        ...


class ReportStage(Protocol):
    """Writes a draft."""

    def __call__(
        self, study: Study, found: StudyReading, read: Callable[[Report], TextReading], /
    ) -> Draft | None:
        """Return a draft whose every sentence has evidence; ``read`` is the text stage."""
        ...


_NO_TEXT = TextReading()
_NO_LINKS = LinkReading()


class Pipeline:
    """The configurable form of `analyze`. Stages are built at first use; safe across threads.

    Args:
        text: Name of a text stage, or a callable that is one.
        vision: Name of a vision stage, a folder or file of weights, an encoder of the hub or of
            timm (see `load_encoder`), a callable, or ``None`` to leave images unread.
        link: Name of a link stage, a callable, or ``None``.
        report: Name of a report stage, a callable, or ``None`` for no draft.

    Raises:
        StageNotFound: No stage of that name; the message names the nearest one.

    Examples:
        >>> pipeline = Pipeline(vision=None, link=None, report=None)
        >>> study = Study(report=Report(text="No pneumothorax."))
        >>> [str(entity.assertion) for entity in pipeline(study).entities]
        ['absent']
    """

    def __init__(
        self,
        *,
        text: str | TextStage = "rules",
        vision: str | Path | VisionStage | None = "embedded",
        link: str | LinkStage | None = "default",
        report: str | ReportStage | None = "template",
    ) -> None:
        self._lock = threading.RLock()
        self._built: dict[str, Any] = {}
        self._asked: dict[str, tuple[Registry, Any]] = {
            "text": (text_stages, text),
            "vision": (vision_stages, vision),
            "link": (link_stages, link),
            "report": (report_stages, report),
        }
        for registry, stage in self._asked.values():
            _check_name(registry, stage)

    def build(self) -> Pipeline:
        """Build every stage now, so that one that cannot be built is told before any work.

        Returns:
            The pipeline itself.

        Raises:
            ModelError: Weights that are not there or cannot be used.
            RadnlpError: What else a stage raises.
        """
        for name in self._asked:
            self._stage(name)
        return self

    def __call__(self, study: Study) -> Analysis:
        """Analyse one study.

        Raises:
            InputError: The study has neither a report nor an image.
            RadnlpError: A stage refused the input; the error's name says why.
        """
        if not isinstance(study, Study):
            raise InputError(
                f"a pipeline takes a Study, got {type(study).__name__}; use analyze() for a text"
            )
        if study.report is None and not study.images:
            raise InputError("the study has neither a report nor an image; give at least one")
        text = self._stage("text")(study.report) if study.report else _NO_TEXT
        spoke = ["text"] if study.report else []
        before = self._stage("text")(study.prior) if study.prior else _NO_TEXT
        earlier = tuple(one.of_prior() for one in before.entities)
        readings = self._look(study.images)
        spoke += ["vision"] if readings else []
        links, draft = _NO_LINKS, None
        if readings and self._stage("link"):
            links = self._linked(study, text.entities, readings)
            spoke.append("link")
        if readings and self._stage("report"):
            found = StudyReading(
                entities=text.entities if text.in_its_language else (),
                earlier=earlier if before.in_its_language else (),
                images=readings,
                links=links,
            )
            draft = self._stage("report")(study, found, self._stage("text"))
            spoke.append("report")
        return Analysis(
            report=study.report,
            images=study.images,
            sections=text.sections,
            entities=text.entities,
            relations=text.relations,
            recommendations=text.recommendations,
            scores=text.scores,
            image_findings=tuple(item for reading in readings for item in reading.findings),
            regions=tuple(item for reading in readings for item in reading.regions) + links.regions,
            links=links.links,
            conflicts=links.conflicts,
            draft=draft,
            image_measurements=tuple(item for one in readings for item in one.measurements),
            prior=study.prior,
            prior_entities=earlier,
            warnings=_warnings(study, text, readings, links) + _compared(study, text, earlier),
            provenance=tuple(_provenance(self._stage(name)) for name in spoke),
        )

    def map(
        self, studies: Iterable[Study | str | Path], *, batch_size: int = 16
    ) -> Iterator[Analysis | Failure]:
        """Analyse many studies, in order; one that fails becomes a `Failure`.

        Args:
            studies: Studies, or folders and files that `load_study` reads.
            batch_size: Studies taken from ``studies`` at a time; their files are read side by
                side while earlier ones are analysed, so it bounds memory.

        Yields:
            One `Analysis` or `Failure` per input, in input order.

        Raises:
            InputError: ``batch_size`` is below 1.
        """
        if isinstance(studies, str | Path):
            raise InputError("map takes several studies; put the single path into a list")
        if batch_size < 1:
            raise InputError(f"batch_size must be at least 1, got {batch_size}")
        from radnlp.io import read_ahead

        for item in read_ahead(studies, batch_size):
            if isinstance(item, Failure):
                yield item
                continue
            try:
                yield self(item)
            except Exception as error:  # noqa: BLE001  (a plug-in's fault must not end the batch)
                yield Failure.of(item.id, error)

    def _look(self, images: Sequence[Image]) -> tuple[ImageReading, ...]:
        stage = self._stage("vision") if images else None
        if stage is None:
            return ()
        numbers: dict[str, Iterator[int]] = {kind: count() for kind in ("g", "f", "m")}
        return tuple(stage(image).numbered(numbers) for image in images)

    def _linked(
        self, study: Study, entities: Sequence[Entity], readings: Sequence[ImageReading]
    ) -> LinkReading:
        """Link; a side conflict must be borne out by the mirror images, if a stage looks there."""
        link, look_again = self._stage("link"), getattr(self._stage("vision"), "mirrored", None)
        links: LinkReading = link(study, entities, readings)
        if look_again is None or not links.side_conflicts:
            return links
        again = [look_again(*pair) for pair in zip(study.images, readings, strict=True)]
        return links.borne_out_by(link(study, entities, again))

    def _stage(self, name: str) -> Any:
        if name not in self._built:
            with self._lock:
                if name not in self._built:
                    self._built[name] = _build(*self._asked[name])
        return self._built[name]


def analyze(
    report: str | Path | Report | None = None,
    image: AnyImage | Sequence[AnyImage] | None = None,
    *,
    prior: str | Path | Report | None = None,
    language: str | None = None,
    pipeline: Pipeline | None = None,
) -> Analysis:
    """Read a report, an image, or both together.

    Args:
        report: The text itself, a `Path` to a file, or a `Report`.
        image: A path, a PIL image, an array of shape (H, W) or (H, W, 3), a tensor of shape
            (H, W) or (1, H, W), a pydicom Dataset, an `Image`, or a sequence of these.
        prior: The earlier report, in the same forms; change words it does not bear out become
            warnings.
        language: ISO 639-1 code of the reports. Only ``en`` is read; with ``None`` a report that
            does not look English is read all the same, with a warning.
        pipeline: A configured pipeline; the default one is built once and kept.

    Returns:
        Entities and labels from a report; image findings, regions and a draft from an image;
        links and conflicts from both.

    Raises:
        InputError: Neither a report nor an image is given, or a form is not known.
        FileError: A file cannot be used; the subclass says why.

    Examples:
        >>> result = analyze(report="Small left pleural effusion. No pneumothorax.")
        >>> [(entity.concept, str(entity.assertion)) for entity in result.entities]
        [('pleural_effusion', 'present'), ('pneumothorax', 'absent')]
    """
    study = Study(
        report=_as_report(report, language, "r0"),
        images=_as_images(image),
        prior=_as_report(prior, language, "prior"),
    )
    if pipeline is None:
        pipeline = default_pipeline(images=bool(study.images))
    return pipeline(study)


@lru_cache(maxsize=2)
def default_pipeline(*, images: bool = True) -> Pipeline:
    """Return the pipeline that `analyze` uses; built once per process.

    Args:
        images: False leaves out every stage that looks at images.
    """
    return Pipeline() if images else Pipeline(vision=None, link=None, report=None)


def _as_report(
    source: str | Path | Report | None, language: str | None, name: str
) -> Report | None:
    if source is None:
        return None
    if isinstance(source, Path):
        from radnlp.io import read_report

        source = read_report(source)
    if isinstance(source, str):
        return Report(text=source, id=name, language=language)
    if not isinstance(source, Report):
        raise InputError(
            f"a report must be str (the text itself), Path or Report, got {type(source).__name__}"
        )
    return replace(source, language=language or source.language)


def _as_images(source: AnyImage | Sequence[AnyImage] | None) -> tuple[Image, ...]:
    if source is None:
        return ()
    from radnlp.io import read_image

    sources = source if isinstance(source, list | tuple) else [source]
    return tuple(read_image(one, id=f"i{index}") for index, one in enumerate(sources))


def _check_name(registry: Registry, stage: Any) -> None:
    if not isinstance(stage, str) or stage in registry.names():
        return
    if registry is vision_stages and _may_be_weights(stage):
        return
    registry.get(stage)


def _may_be_weights(stage: str) -> bool:
    try:
        return "/" in stage or stage.startswith(("timm:", "hf:")) or Path(stage).exists()
    except OSError:  # too long for a file's name
        return False


def _build(registry: Registry, stage: Any) -> Any:
    if isinstance(stage, str) and stage in registry.names():
        return registry.get(stage)()
    if registry is vision_stages and isinstance(stage, str | Path):
        from radnlp.nets.hub import is_encoder_name

        if is_encoder_name(stage):
            from radnlp.vision.hub import HubVision

            return HubVision(stage)
        return registry.get("embedded")(weights=stage)
    return stage


def _compared(study: Study, text: TextReading, earlier: Sequence[Entity]) -> tuple[Notice, ...]:
    """Hold change words against the earlier report, if there is one."""
    if study.prior is None or not text.entities:
        return ()
    from radnlp.text.prior import check_change

    return check_change(text.entities, earlier)


def _warnings(
    study: Study, text: TextReading, readings: Sequence[ImageReading], links: LinkReading
) -> tuple[Notice, ...]:
    of_images = (notice for image in study.images for notice in image.warnings)
    of_readings = (notice for reading in readings for notice in reading.warnings)
    return (*study.warnings, *of_images, *text.warnings, *of_readings, *links.warnings)


def _provenance(stage: Any) -> Provenance:
    """Return what a stage says of itself, or its name if it is a plain callable."""
    said = getattr(stage, "provenance", None)
    if isinstance(said, Provenance):
        return said
    name = getattr(stage, "__qualname__", type(stage).__qualname__)
    return Provenance(producer=f"{stage.__module__}.{name}", version="unknown")


__all__ = [
    "LinkStage",
    "Pipeline",
    "ReportStage",
    "TextStage",
    "VisionStage",
    "analyze",
    "default_pipeline",
]
