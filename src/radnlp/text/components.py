"""The text stage inside spaCy: its steps as registered components, and `Doc` ↔ `Analysis`.

========================  ======================================================================
factory                   what it publishes
========================  ======================================================================
``radnlp_sections``       ``doc.spans["radnlp_sections"]``, labelled by kind
``radnlp_mentions``       ``doc.spans["radnlp"]``, labelled by concept; ``span._.concept``,
                          ``kind``, ``ancestors``, ``section``
``radnlp_assertion``      ``span._.assertion``, ``cue``, ``temporality``, ``subject``
``radnlp_attributes``     ``span._.change``, ``side``, ``severity``, ``locations``,
                          ``measurements``, ``quantities``, ``count``
``radnlp_relations``      ``doc._.radnlp.relations``
``radnlp_recommendations``  ``doc._.radnlp.recommendations`` and ``.scores``, and their spans
``radnlp``                all of it
========================  ======================================================================

A report is read once, whatever components a pipeline has: a sentence's steps lean on one another,
so each component publishes its part of that one reading. Spans that others put into
``doc.spans["radnlp"]`` (or the group that ``spans_key`` names) are read as findings of their label
and get every attribute too. The engine has its own words, so any tokenizer will do: a span covers
the tokens that a mention touches, and ``span._.radnlp.span`` holds the exact characters.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from spacy.language import Language
from spacy.tokens import Doc, Span

from radnlp.errors import InputError
from radnlp.schema.analysis import Analysis
from radnlp.schema.entity import Entity
from radnlp.schema.serial import decode, encode
from radnlp.text.own_terms import read, stage
from radnlp.text.stage import RuleText
from radnlp.text.tokens import split

if TYPE_CHECKING:
    from radnlp.schema.reading import TextReading

_KEY = "radnlp"
_SECTIONS = "radnlp_sections"
_ADVICE = "radnlp_recommendations"
_SCORES = "radnlp_scores"
_LONGEST_MENTION = 300  # characters; how far back a mention that touches a span may begin
_NAMING = (
    "id",
    "text",
    "span",
    "section",
    "kind",
    "concept",
    "ancestors",
    "confidence",
    "provenance",
)
_CLAIMS = ("assertion", "cue", "temporality", "subject")
_ATTRIBUTES = tuple(
    field.name for field in fields(Entity) if field.name not in {*_NAMING, *_CLAIMS}
)
_PARTS = ("sections", "relations", "recommendations", "scores")


class Step:
    """A spaCy component: publishes one part of the reading of a `Doc`.

    Args:
        publishes: Fields of `Entity`.
        parts: Fields of `Analysis`.
        names: Whether it puts mentions into the span group.
        language: ISO 639-1 code of the reports.
        spans_key: The span group.
    """

    def __init__(
        self,
        publishes: tuple[str, ...] = (),
        parts: tuple[str, ...] = (),
        *,
        names: bool = False,
        language: str = "en",
        spans_key: str = _KEY,
    ) -> None:
        self._publishes = publishes
        self._parts = parts
        self._names = names
        self._language = language
        self._spans_key = spans_key
        stage(language)

    def __call__(self, doc: Any) -> Any:
        """Return the same `Doc`, with this step's part of the reading.

        Raises:
            RadnlpError: The text stage refuses the text.
        """
        store = doc.user_data.setdefault(_KEY, _new_store())
        group = doc.spans.get(self._spans_key)
        spans = list(group) if group is not None else []
        _note_own_terms(store, spans)
        terms = tuple((tuple(words), label) for words, label in store["terms"])
        reading = read(self._language, doc.text, terms)
        store["warnings"] = [encode(notice) for notice in reading.warnings]
        for part in self._parts:
            store[part] = [encode(noun) for noun in getattr(reading, part)]
        if self._names:
            spans = _with_mentions(doc, spans, reading)
        if self._names or self._publishes:
            self._publish(doc, store, spans, reading)
        _show_parts(doc, self._parts, reading)
        return doc

    def _publish(self, doc: Any, store: Any, spans: list[Any], reading: TextReading) -> None:
        doc.spans[self._spans_key] = spans
        said = {entity["id"]: entity for entity in store["entities"]}
        entities: dict[str, dict[str, Any]] = {}
        by_label = _by_label(reading)
        for span in spans:
            entity = _entity_of(span, by_label)
            if entity is None:
                continue
            store["index"][_place(span)] = entity.id
            plain = said.get(entity.id) or {name: encode(getattr(entity, name)) for name in _NAMING}
            plain.update({name: encode(getattr(entity, name)) for name in self._publishes})
            entities[entity.id] = plain
        order = [entity.id for entity in reading.entities]
        store["entities"] = [entities[id] for id in order if id in entities]


def _new_store() -> dict[str, Any]:
    """Return the plain values that a `Doc` carries, so that it can be written to disk."""
    empty: dict[str, Any] = {part: [] for part in _PARTS}
    return {
        **empty,
        "report": {"id": "r0", "language": None, "source": None},
        "entities": [],
        "index": {},
        "terms": [],
        "warnings": [],
        "provenance": [encode(RuleText.provenance)],
    }


def _note_own_terms(store: dict[str, Any], spans: list[Any]) -> None:
    """Remember the words of spans that are not radnlp's own, longest first, none within another."""
    terms = {tuple(words): label for words, label in store["terms"]}
    for span in spans:
        words = tuple(split(span.text).words)
        if _place(span) not in store["index"] and words:
            terms.setdefault(words, span.label_)
    store["terms"] = [[list(words), label] for words, label in sorted(terms.items())]


def _place(span: Any) -> str:
    return f"{span.start_char}:{span.end_char}:{span.label_}"


def _by_label(reading: TextReading) -> dict[str, tuple[list[int], list[Entity]]]:
    """Return the mentions of each concept, with where they start, in reading order."""
    found: dict[str, tuple[list[int], list[Entity]]] = {}
    for entity in reading.entities:
        starts, entities = found.setdefault(entity.concept, ([], []))
        starts.append(entity.span.start)
        entities.append(entity)
    return found


def _entity_of(span: Any, by_label: dict[str, tuple[list[int], list[Entity]]]) -> Entity | None:
    """Return the mention that a span stands for: same label, and the most characters shared."""
    starts, entities = by_label.get(span.label_, ([], []))
    low, high = span.start_char, span.end_char
    best, most = None, 0
    for n in range(bisect_left(starts, low - _LONGEST_MENTION), bisect_left(starts, high)):
        entity = entities[n]
        shared = min(high, entity.span.end) - max(low, entity.span.start)
        if shared > most:
            best, most = entity, shared
    return best


def _with_mentions(doc: Any, spans: list[Any], reading: TextReading) -> list[Any]:
    places = {_place(span) for span in spans}
    for entity in reading.entities:
        span = _span(doc, entity.span.start, entity.span.end, entity.concept, entity.id)
        if span is not None and _place(span) not in places:
            places.add(_place(span))
            spans.append(span)
    return sorted(spans, key=lambda span: (span.start_char, span.end_char))


def _span(doc: Any, start: int, end: int, label: str, id: str = "") -> Any:
    """Return the span of the tokens that a range of characters touches."""
    if start >= end:
        return None
    return doc.char_span(start, end, label=label, span_id=id, alignment_mode="expand")


def _show_parts(doc: Any, parts: tuple[str, ...], reading: TextReading | Analysis) -> None:
    """Put sections, recommendations and scores into span groups of their own."""
    shown = {
        "sections": (_SECTIONS, [(item.span, item.kind.value) for item in reading.sections]),
        "recommendations": (_ADVICE, [(item.span, item.rule) for item in reading.recommendations]),
        "scores": (
            _SCORES,
            [(item.span, f"{item.system} {item.category}") for item in reading.scores],
        ),
    }
    for part in parts:
        if part in shown:
            key, ranges = shown[part]
            found = (_span(doc, span.start, span.end, label) for span, label in ranges)
            doc.spans[key] = [span for span in found if span is not None]


def to_doc(analysis: Analysis, nlp: Any) -> Any:
    """Return a `Doc` that holds all that an analysis says of its report.

    Args:
        analysis: With a report.
        nlp: The pipeline whose tokenizer makes the `Doc`; its components do not run.

    Raises:
        InputError: There is no report, or the tokenizer does not keep the text as it is.
    """
    if analysis.report is None:
        raise InputError("the analysis has no report; a Doc holds the text of one")
    doc = nlp.make_doc(analysis.report.text)
    if doc.text != analysis.report.text:
        raise InputError(
            "the tokenizer changes the text, so offsets would be lost; use one that keeps "
            "white space, such as spaCy's own"
        )
    _set_extensions()
    plain = analysis.to_dict()
    store = _new_store()
    for name in (*_PARTS, "entities", "warnings", "provenance"):
        store[name] = plain[name]
    store["report"] = {name: plain["report"][name] for name in ("id", "language", "source")}
    doc.user_data[_KEY] = store
    spans = []
    for entity in analysis.entities:
        span = _span(doc, entity.span.start, entity.span.end, entity.concept, entity.id)
        store["index"].setdefault(_place(span), entity.id)
        spans.append(span)
    doc.spans[_KEY] = spans
    _show_parts(doc, _PARTS, analysis)
    return doc


def from_doc(doc: Any) -> Analysis:
    """Return what the components, or `to_doc`, have put into a `Doc`.

    What no component has published has its default; images and what belongs to them are no part
    of a `Doc`.

    Raises:
        InputError: No component of radnlp has seen the `Doc`.
    """
    store = doc.user_data.get(_KEY)
    if store is None:
        raise InputError("this Doc holds nothing of radnlp; add the component 'radnlp' to its nlp")
    names = (*_PARTS, "entities", "warnings", "provenance")
    plain = {name: store[name] for name in names}
    plain["report"] = {"text": doc.text, **store["report"]}
    ids = {entity["id"] for entity in store["entities"]}
    plain["relations"] = [one for one in store["relations"] if {one["head"], one["tail"]} <= ids]
    plain["scores"] = [
        {**one, "entity_id": one["entity_id"] if one["entity_id"] in ids else None}
        for one in store["scores"]
    ]
    return decode(Analysis, plain)


def _plain_entity(span: Any) -> dict[str, Any] | None:
    store = span.doc.user_data.get(_KEY)
    id = store["index"].get(_place(span)) if store else None
    if id is None:
        return None
    entities: list[dict[str, Any]] = store["entities"]
    n = bisect_left(entities, int(id[1:]), key=lambda entity: int(entity["id"][1:]))
    return entities[n] if n < len(entities) and entities[n]["id"] == id else None


def _get_entity(span: Any) -> Entity | None:
    plain = _plain_entity(span)
    return decode(Entity, plain) if plain else None


def _getter(name: str) -> Any:
    def get(span: Any) -> Any:
        plain = _plain_entity(span)
        return getattr(decode(Entity, plain), name) if plain and name in plain else None

    return get


def _set_extensions() -> None:
    """Define ``span._`` and ``doc._``; a name that somebody else has taken stays theirs."""
    if not Doc.has_extension(_KEY):
        Doc.set_extension(_KEY, getter=from_doc)
        Span.set_extension(_KEY, getter=_get_entity)
    for name in (*_NAMING[3:], *_CLAIMS, *_ATTRIBUTES):
        if not Span.has_extension(name):
            Span.set_extension(name, getter=_getter(name))


def make_sections(nlp: Any, name: str, language: str, spans_key: str) -> Step:
    """Return the component ``radnlp_sections``."""
    return Step(parts=("sections",), language=language, spans_key=spans_key)


def make_mentions(nlp: Any, name: str, language: str, spans_key: str) -> Step:
    """Return the component ``radnlp_mentions``."""
    return Step(names=True, language=language, spans_key=spans_key)


def make_assertion(nlp: Any, name: str, language: str, spans_key: str) -> Step:
    """Return the component ``radnlp_assertion``."""
    return Step(_CLAIMS, language=language, spans_key=spans_key)


def make_attributes(nlp: Any, name: str, language: str, spans_key: str) -> Step:
    """Return the component ``radnlp_attributes``."""
    return Step(_ATTRIBUTES, language=language, spans_key=spans_key)


def make_relations(nlp: Any, name: str, language: str, spans_key: str) -> Step:
    """Return the component ``radnlp_relations``."""
    return Step(parts=("relations",), language=language, spans_key=spans_key)


def make_recommendations(nlp: Any, name: str, language: str, spans_key: str) -> Step:
    """Return the component ``radnlp_recommendations``."""
    return Step(parts=("recommendations", "scores"), language=language, spans_key=spans_key)


def make_radnlp(nlp: Any, name: str, language: str, spans_key: str) -> Step:
    """Return the component ``radnlp``: every step."""
    every = (*_CLAIMS, *_ATTRIBUTES)
    return Step(every, _PARTS, names=True, language=language, spans_key=spans_key)


def _register() -> None:
    claims = [f"span._.{name}" for name in _CLAIMS]
    attributes = [f"span._.{name}" for name in _ATTRIBUTES]
    named = ["doc.spans"]
    for factory, make, assigns, requires in (
        ("radnlp_sections", make_sections, ["doc.spans"], []),
        ("radnlp_mentions", make_mentions, ["doc.spans", "span._.concept"], []),
        ("radnlp_assertion", make_assertion, claims, named),
        ("radnlp_attributes", make_attributes, attributes, named),
        ("radnlp_relations", make_relations, ["doc._.radnlp"], named),
        ("radnlp_recommendations", make_recommendations, ["doc.spans", "doc._.radnlp"], []),
        ("radnlp", make_radnlp, ["doc.spans", "doc._.radnlp", *claims, *attributes], []),
    ):
        Language.factory(
            factory,
            default_config={"language": "en", "spans_key": _KEY},
            assigns=assigns,
            requires=requires,
            func=make,
        )
    _set_extensions()


_register()

__all__ = [
    "Step",
    "from_doc",
    "make_assertion",
    "make_attributes",
    "make_mentions",
    "make_radnlp",
    "make_recommendations",
    "make_relations",
    "make_sections",
    "to_doc",
]
