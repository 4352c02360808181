"""Nouns to plain values and back, driven by the fields' types.

Arrays are not written: an `Image` read back from JSON has its geometry and no pixels.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from enum import StrEnum
from functools import cache
from typing import Any, TypeVar

import numpy as np

from radnlp.errors import InvalidRecord, RadnlpError

T = TypeVar("T")
_PLAIN = frozenset({str, int, float, bool})


def encode(value: Any) -> Any:
    """Return ``value`` as dicts, lists, strings, numbers, booleans and ``None``."""
    if value is None or type(value) in _PLAIN:
        return value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {name: encode(getattr(value, name)) for name in _fields(type(value))}
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, tuple):
        return [encode(item) for item in value]
    return value


def decode(kind: type[T], value: Any, where: str = "") -> T:
    """Build a noun of type ``kind`` from plain values.

    Raises:
        InvalidRecord: A field is missing, unknown or of a wrong type; the message names it.
    """
    result: T = _decode(kind, value, where or kind.__name__)
    return result


def _decode(kind: Any, value: Any, where: str) -> Any:
    origin = typing.get_origin(kind)
    if origin in {typing.Union, types.UnionType}:
        return _decode_union(kind, value, where)
    if origin is tuple:
        return _decode_tuple(typing.get_args(kind), value, where)
    if dataclasses.is_dataclass(kind):
        return _decode_noun(kind, value, where)
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        if value not in set(kind):
            raise InvalidRecord(f"{where}: expected one of {', '.join(kind)}")
        return kind(value)
    if kind is float and type(value) is int:
        return float(value)
    if type(value) is not kind:
        raise InvalidRecord(f"{where}: expected {kind.__name__}, got {type(value).__name__}")
    return value


def _decode_union(kind: Any, value: Any, where: str) -> Any:
    if value is None:
        return None
    (inner,) = (arg for arg in typing.get_args(kind) if arg is not types.NoneType)
    return _decode(inner, value, where)


def _decode_tuple(arguments: tuple[Any, ...], value: Any, where: str) -> tuple[Any, ...]:
    if not isinstance(value, list | tuple):
        raise InvalidRecord(f"{where}: expected a list, got {type(value).__name__}")
    if len(arguments) == 2 and arguments[1] is Ellipsis:
        return tuple(_decode(arguments[0], item, f"{where}[{i}]") for i, item in enumerate(value))
    if len(arguments) != len(value):
        raise InvalidRecord(f"{where}: expected {len(arguments)} values, got {len(value)}")
    pairs = zip(arguments, value, strict=True)
    return tuple(_decode(kind, item, f"{where}[{i}]") for i, (kind, item) in enumerate(pairs))


def _decode_noun(kind: Any, value: Any, where: str) -> Any:
    if not isinstance(value, dict):
        raise InvalidRecord(f"{where}: expected an object, got {type(value).__name__}")
    fields = _fields(kind)
    unknown = sorted(set(value) - set(fields))
    if unknown:
        raise InvalidRecord(
            f"{where}: unknown field {unknown[0]!r}; expected {', '.join(fields)}. "
            "Was it written by a newer radnlp?"
        )
    given = {name: _decode(fields[name], item, f"{where}.{name}") for name, item in value.items()}
    if kind in _WITHOUT_ARRAYS:
        given[_WITHOUT_ARRAYS[kind]] = None
    try:
        return kind(**given)
    except (RadnlpError, TypeError) as error:
        raise InvalidRecord(f"{where}: {error}") from None


_WITHOUT_ARRAYS: dict[Any, str] = {}


@cache
def _fields(kind: Any) -> dict[str, Any]:
    hints = typing.get_type_hints(kind)
    fields = {field.name: hints[field.name] for field in dataclasses.fields(kind)}
    arrays = [name for name, hint in fields.items() if _holds_array(hint)]
    if arrays:
        (_WITHOUT_ARRAYS[kind],) = arrays
    return {name: hint for name, hint in fields.items() if name not in arrays}


def _holds_array(hint: Any) -> bool:
    members = typing.get_args(hint) if typing.get_origin(hint) is types.UnionType else (hint,)
    return any(typing.get_origin(member) is np.ndarray for member in members)


__all__ = ["decode", "encode"]
