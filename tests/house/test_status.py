"""The generated pages say what the code has."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

DOCS = Path(__file__).resolve().parent.parent.parent / "docs"


def _generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate_docs", DOCS / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["generate_docs"] = module
    spec.loader.exec_module(module)
    return module


generate = _generator()
ITEMS = [item for group in generate.status_groups() for item in group["items"]]


@pytest.mark.parametrize("item", ITEMS, ids=lambda item: item["name"])
def test_a_status_line_is_true_of_the_code(item: dict[str, str]) -> None:
    assert item["status"] in {"works", "partly", "not yet"}
    assert generate.there(item["where"]) == (item["status"] != "not yet")


def test_every_command_has_a_status_line() -> None:
    listed = {item["where"].removeprefix("command ") for item in ITEMS}
    assert generate.command_names() <= listed


def test_every_stage_and_writer_has_a_status_line() -> None:
    from radnlp import registry

    listed = {item["where"] for item in ITEMS}
    for kind in vars(registry).values():
        if isinstance(kind, registry.Registry):
            for name in kind.names():
                assert f"stage {kind.group}:{name}" in listed


def test_the_status_page_is_up_to_date() -> None:
    page = (DOCS / "reference" / "status.md").read_text("utf-8")
    assert page == generate.status_page(), "run: python docs/generate.py"


def test_the_command_line_page_is_up_to_date() -> None:
    page = (DOCS / "reference" / "cli.md").read_text("utf-8")
    assert page == generate.cli_page(), "run: python docs/generate.py"


def test_the_vocabulary_page_is_up_to_date() -> None:
    page = (DOCS / "reference" / "vocabulary.md").read_text("utf-8")
    assert page == generate.vocabulary_page(), "run: python docs/generate.py"


def test_the_page_of_checks_is_up_to_date() -> None:
    page = (DOCS / "reference" / "checks.md").read_text("utf-8")
    assert page == generate.checks_page(), "run: python docs/generate.py"


@pytest.mark.parametrize("name", generate.CARDS)
def test_the_model_card_page_is_up_to_date(name: str) -> None:
    page = (DOCS / "reference" / f"{name}.md").read_text("utf-8")
    assert page == generate.card_page(name), "run: python docs/generate.py"
