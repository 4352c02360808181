"""An index of sentences from somebody's own reports, by what they say.

A sentence is taken in only if everything in it was read: findings and devices of the patient, at
this study, and plain words beside them. So no name, date, number, measurement, comparison or
de-identification mark gets in; neither does a sentence in capitals throughout. What remains is
kept in its own words, once however often it occurs.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from radnlp.errors import FileMissing, InvalidRecord, OutputError
from radnlp.report.compare import narrowed
from radnlp.report.phrases import load_phrases
from radnlp.report.plan import PlanOptions
from radnlp.report.verify import Verifier
from radnlp.schema import (
    Assertion,
    DraftSection,
    Entity,
    EntityKind,
    Report,
    Sentence,
    Subject,
    Temporality,
    TextReading,
)
from radnlp.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

    from radnlp.report.embed import Embedder

FORMAT = "radnlp-sentences-1"
_TABLE, _VECTORS = "sentences.json", "embeddings.safetensors"
_BULLET = re.compile(r"^(?:[-*•●▪–]|\d+[.)])\s+")
_LONGEST = 240
_NAMED = frozenset({EntityKind.FINDING, EntityKind.DEVICE})


class Label(NamedTuple):
    """One finding or device as a sentence says it; empty strings for what it does not say."""

    concept: str
    assertion: str
    side: str = ""
    place: str = ""
    severity: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One sentence of an index.

    Attributes:
        text: In the words of the report.
        says: All that it says, sorted.
        reports: In how many different reports it stands.
    """

    text: str
    says: tuple[Label, ...]
    reports: int


def tidy(text: str) -> str:
    """Return a sentence on one line, without a bullet, with a full stop.

    Examples:
        >>> tidy("1.  No pleural   effusion")
        'No pleural effusion.'
    """
    line = _BULLET.sub("", " ".join(text.split()))
    return line if not line or line[-1] in ".!?" else f"{line.rstrip(';,:')}."


def labels_of(
    text: str, read: Callable[[Report], TextReading], language: str | None = None
) -> tuple[Label, ...]:
    """Return all that a sentence says; nothing if it may not stand in an index.

    Args:
        text: A tidy sentence.
        read: The text stage.
        language: ISO 639-1 code of the sentence; ``None`` leaves it to the text stage.
    """
    if not text or len(text) > _LONGEST or text.isupper() or any(map(str.isdigit, text)):
        return ()
    if load_phrases().words["qualifiers"].intersection(re.findall(r"\w+", text.lower())):
        return ()
    reading = read(Report(text=text, id="index", language=language))
    entities = [one for one in reading.entities if one.kind in _NAMED]
    advice = reading.recommendations or reading.scores
    if not entities or advice or not all(map(_is_plain, entities)):
        return ()
    evidence = {one.id: one for one in reading.entities}
    verifier = Verifier(evidence, lambda _: reading, PlanOptions())
    sentence = Sentence(text=text, section=DraftSection.FINDINGS, evidence=tuple(evidence))
    mentions = verifier.mentions(sentence)
    if verifier(sentence).correction is not None or any(len(one.places) > 1 for one in mentions):
        return ()
    labels = {
        Label(
            one.entity.concept,
            str(one.entity.assertion),
            str(one.entity.side or ""),
            "".join(one.places),
            str(one.entity.severity or ""),
        )
        for one in mentions
    }
    return tuple(sorted(labels)) if len(labels) == len(mentions) else ()


def _is_plain(one: Entity) -> bool:
    """Tell whether a mention is said of the patient now, whole, without numbers or comparison."""
    return (
        one.assertion != Assertion.HYPOTHETICAL
        and one.change is None
        and one.temporality == Temporality.CURRENT
        and one.subject == Subject.PATIENT
        and not (one.measurements or one.quantities or one.count)
        and not (one.assertion == Assertion.ABSENT and (one.severity or narrowed(one.locations)))
    )


class SentenceIndex:
    """Sentences by what they say, with their vectors.

    Args:
        entries: The sentences.
        vectors: Shape (n, d), one row per sentence.
        embedder: Name of what made the vectors.
    """

    def __init__(
        self, entries: Sequence[Entry], vectors: NDArray[np.float32], embedder: str
    ) -> None:
        self.entries = tuple(entries)
        self.vectors = vectors
        self.embedder = embedder
        groups: dict[frozenset[Label], list[int]] = {}
        for number, entry in enumerate(self.entries):
            groups.setdefault(frozenset(entry.says), []).append(number)
        self.groups = {says: tuple(numbers) for says, numbers in groups.items()}

    def save(self, folder: str | Path) -> Path:
        """Write the index to a folder, which is made if need be; an index there is replaced.

        Raises:
            OutputError: The folder holds something else, or cannot be written.
        """
        from safetensors.numpy import save

        folder = Path(folder)
        table = {
            "format": FORMAT,
            "radnlp": __version__,
            "embedder": self.embedder,
            "sentences": [
                {
                    "text": one.text,
                    "reports": one.reports,
                    "says": [list(says) for says in one.says],
                }
                for one in self.entries
            ],
        }
        try:
            folder.mkdir(parents=True, exist_ok=True)
            check_folder(folder)
            _write(folder / _VECTORS, save({"vectors": self.vectors.astype(np.float16)}))
            _write(folder / _TABLE, json.dumps(table, ensure_ascii=False, indent=0).encode())
        except OSError as error:
            raise OutputError(f"cannot write {folder}: {error.strerror or error}") from None
        return folder

    @classmethod
    def load(cls, folder: str | Path) -> SentenceIndex:
        """Read what `save` wrote.

        Raises:
            FileMissing: No index is there.
            InvalidRecord: The files are broken or do not belong together.
        """
        from safetensors import SafetensorError
        from safetensors.numpy import load_file

        folder = Path(folder)
        for name in (_TABLE, _VECTORS):
            if not (folder / name).is_file():
                raise FileMissing(
                    f"{folder} holds no index of sentences ({name} is not there); make one with: "
                    "radnlp index ARCHIVE -o FOLDER"
                )
        try:
            table = json.loads((folder / _TABLE).read_text("utf-8"))
            if table["format"] != FORMAT:
                raise InvalidRecord(f"{folder}: expected format {FORMAT}; build the index again")
            entries = [
                Entry(
                    text=str(one["text"]),
                    says=tuple(Label(*map(str, says)) for says in one["says"]),
                    reports=int(one["reports"]),
                )
                for one in table["sentences"]
            ]
            vectors = load_file(folder / _VECTORS)["vectors"].astype(np.float32)
            embedder = str(table["embedder"])
        except (ValueError, KeyError, TypeError, SafetensorError) as error:
            raise InvalidRecord(
                f"{folder}: not a readable index ({type(error).__name__}); build it again"
            ) from None
        if vectors.ndim != 2 or len(vectors) != len(entries):
            raise InvalidRecord(
                f"{folder}: {len(entries)} sentences and vectors of shape {vectors.shape}; "
                "build the index again"
            )
        return cls(entries, vectors, embedder)


class IndexBuilder:
    """Gathers the sentences of reports.

    Args:
        read: The text stage; it reads each sentence as it will read a draft.
        language: ISO 639-1 code of the reports; ``None`` leaves it to the text stage.
    """

    def __init__(self, read: Callable[[Report], TextReading], language: str | None = None) -> None:
        self._read = read
        self._language = language
        self._says: dict[str, tuple[Label, ...]] = {}
        self._texts: dict[str, str] = {}
        self._reports: Counter[str] = Counter()
        self.sentences = 0

    def add(self, sentences: Iterable[str]) -> None:
        """Take in the sentences of one report."""
        found: dict[str, str] = {}
        for sentence in sentences:
            self.sentences += 1
            text = tidy(sentence)
            found.setdefault(text.lower(), text)
        for key, text in found.items():
            if key not in self._says:
                self._says[key] = labels_of(text, self._read, self._language)
            if self._says[key]:
                self._texts.setdefault(key, text)
                self._reports[key] += 1

    def build(self, embed: Embedder) -> SentenceIndex:
        """Return the index of what was taken in, the most frequent sentences first."""
        ranked = sorted(self._texts, key=lambda key: (-self._reports[key], key))
        entries = [
            Entry(text=self._texts[key], says=self._says[key], reports=self._reports[key])
            for key in ranked
        ]
        return SentenceIndex(entries, embed([one.text for one in entries]), embed.name)


def check_folder(folder: Path) -> None:
    """Refuse a place that holds something other than an index.

    Raises:
        OutputError: It is a file, or a folder with other files.
    """
    if folder.exists() and not folder.is_dir():
        raise OutputError(f"cannot write {folder}: it is a file; expected the name of a folder")
    if folder.is_dir() and not (folder / _TABLE).exists() and any(folder.iterdir()):
        raise OutputError(f"{folder} is not empty and holds no index; name another folder")


def _write(path: Path, content: bytes) -> None:
    part = path.with_name(f".{path.name}.part")
    part.write_bytes(content)
    part.replace(path)


__all__ = [
    "FORMAT",
    "Entry",
    "IndexBuilder",
    "Label",
    "SentenceIndex",
    "check_folder",
    "labels_of",
    "tidy",
]
