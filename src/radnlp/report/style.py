"""How a draft is to sound."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, fields
from enum import StrEnum
from pathlib import Path

from radnlp.errors import FileMissing, InputError


class Form(StrEnum):
    """Whether a draft speaks in notes or in sentences."""

    TELEGRAPHIC = "telegraphic"
    PROSE = "prose"


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """How a draft is to sound; a TOML file has the same names.

    Attributes:
        form: ``telegraphic`` ("Small left pleural effusion.") or ``prose`` ("Small left pleural
            effusion is present.").
        normals: False leaves out what was judged and not seen.
        impression_length: Most sentences of the impression, the most urgent first; ``None`` for no
            limit. Critical findings are never cut off.

    Raises:
        InputError: A form nobody knows, or an impression without room for a sentence.
    """

    form: Form = Form.TELEGRAPHIC
    normals: bool = True
    impression_length: int | None = None

    def __post_init__(self) -> None:
        if self.form not in set(Form):
            raise InputError(f"style form is {self.form!r}; expected one of {', '.join(Form)}")
        length = self.impression_length
        if type(self.normals) is not bool or not (length is None or type(length) is int):
            raise InputError(
                "style: normals is true or false and impression_length a whole number, got "
                f"{self.normals!r} and {length!r}"
            )
        if length is not None and length < 1:
            raise InputError(f"impression_length must be at least 1, got {length}")
        object.__setattr__(self, "form", Form(self.form))


def read_style(path: str | Path) -> Style:
    """Read a style from a TOML file.

    Raises:
        FileMissing: No such file.
        InputError: Not TOML, a name nobody knows, or a value that cannot be.
    """
    path = Path(path)
    if not path.is_file():
        raise FileMissing(f'no style file {path}; expected TOML such as: form = "prose"')
    try:
        table = tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path.name} is not TOML: {error}") from None
    known = [field.name for field in fields(Style)]
    unknown = sorted(set(table) - set(known))
    if unknown:
        raise InputError(f"{path.name} has the name {unknown[0]!r}; expected {', '.join(known)}")
    return Style(**table)


__all__ = ["Form", "Style", "read_style"]
