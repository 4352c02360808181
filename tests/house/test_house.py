"""What linters cannot say about the house."""

from __future__ import annotations

import ast
import importlib
import subprocess
import sys
import tokenize
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
SOURCES = sorted((ROOT / "src" / "radnlp").rglob("*.py"))
MODULES = [
    ".".join(path.relative_to(ROOT / "src").with_suffix("").parts).removesuffix(".__init__")
    for path in SOURCES
    if path.name != "__main__.py"
]
FRAMEWORKS = {
    "torch", "torchvision", "transformers", "timm", "spacy", "datasets", "pydicom", "PIL",
    "pyarrow", "pandas", "typer", "rich", "safetensors", "cv2",
}  # fmt: skip
BANNED = {"utils", "util", "helpers", "helper", "common", "misc"}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_has_at_most_400_lines(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) <= 400


def test_no_file_has_a_name_that_says_nothing() -> None:
    names = {part for path in SOURCES for part in path.relative_to(ROOT).with_suffix("").parts}
    assert not names & BANNED


@pytest.mark.parametrize("module", MODULES)
def test_all_lists_what_the_module_defines_in_public(module: str) -> None:
    path = ROOT / "src" / Path(*module.split("."))
    source = path.with_suffix(".py") if path.with_suffix(".py").is_file() else path / "__init__.py"
    tree = ast.parse(source.read_text("utf-8"))
    defined = {
        node.name
        for node in tree.body
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and not node.name.startswith("_")
    }
    if not tree.body or (len(tree.body) == 1 and isinstance(tree.body[0], ast.Expr)):
        return
    listed = importlib.import_module(module).__all__
    assert len(listed) == len(set(listed))
    assert defined <= set(listed)
    loaded = importlib.import_module(module)
    assert all(hasattr(loaded, name) for name in listed)


def test_no_source_has_a_mark_of_unfinished_work() -> None:
    for path in SOURCES:
        with path.open("rb") as stream:
            comments = [
                token.string
                for token in tokenize.tokenize(stream.readline)
                if token.type == tokenize.COMMENT
            ]
        marked = [text for text in comments if "TODO" in text or "FIXME" in text]
        assert not marked, f"{path}: {marked}"
        assert "raise NotImplementedError" not in path.read_text("utf-8"), path


def _loaded_after(code: str) -> set[str]:
    script = f"import sys\n{code}\nprint(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    return {name.partition(".")[0] for name in done.stdout.split()}


def test_importing_radnlp_loads_no_framework() -> None:
    assert not _loaded_after("import radnlp") & FRAMEWORKS


def test_every_public_name_can_be_reached() -> None:
    import radnlp

    for name in radnlp.__all__:
        assert getattr(radnlp, name) is not None
    with pytest.raises(AttributeError, match="no_such_name"):
        radnlp.no_such_name  # noqa: B018


def test_reading_a_report_loads_no_framework() -> None:
    loaded = _loaded_after("from radnlp import analyze; analyze(report='No pneumothorax.')")
    assert not loaded & FRAMEWORKS


def test_importing_radnlp_takes_under_200_ms_beyond_numpy() -> None:
    code = (
        "import time, numpy, numpy.typing; t = time.perf_counter(); import radnlp, radnlp.schema; "
        "print(time.perf_counter() - t)"
    )
    times = [
        float(
            subprocess.run(
                [sys.executable, "-c", code], capture_output=True, text=True, check=True
            ).stdout
        )
        for _ in range(3)
    ]
    assert min(times) < 0.2
