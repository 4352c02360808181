"""Write the generated pages of the documentation: command line, vocabulary, card, what works.

Run from anywhere: ``python docs/generate.py``. Tests hold the pages against the code.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import subprocess
import sys
import tomllib
from importlib.metadata import entry_points
from pathlib import Path

DOCS = Path(__file__).resolve().parent
WEIGHTS = DOCS.parent / "src" / "radnlp" / "nets" / "data"
CARDS = ("anatomy-lite0", "language-mini0", "views-lite0", "vision-lite0", "writer-mini0")
COMMANDS = (
    "",
    "analyze",
    "draft",
    "extract",
    "index",
    "check",
    "evaluate",
    "evaluate links",
    "evaluate drafts",
    "evaluate labels",
    "evaluate entities",
    "demo",
    "models",
    "models export",
    "train",
    "train anatomy",
    "train vision",
    "train views",
    "train grounding",
)


def help_text(command: str) -> str:
    """Return what ``radnlp COMMAND --help`` prints, 88 columns wide, without colour."""
    plain = {"COLUMNS": "88", "TERM": "dumb", "NO_COLOR": "1", "PYTHONUTF8": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "radnlp", *command.split(), "--help"],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
        env={**os.environ, **plain},
    )
    return "\n".join(line.rstrip() for line in done.stdout.strip().splitlines())


def cli_page() -> str:
    """Return the page on the command line, made of the help texts."""
    parts = [
        "# Command line\n\nMade from `--help` by `docs/generate.py`.\n\n"
        "Exit status: 0 done; 1 finished, some inputs failed (they are listed); "
        "2 wrong use or nothing usable.\nResults go to standard output or `-o`; "
        "progress and messages go to standard error.\n"
    ]
    for command in COMMANDS:
        name = f"radnlp {command}".strip()
        parts.append(f"## {name}\n\n```text\n{help_text(command)}\n```\n")
    return "\n".join(parts)


def there(where: str) -> bool:
    """Tell whether the code has what a line of status.toml names."""
    kind, _, name = where.partition(" ")
    if kind == "python":
        module, _, path = name.partition(":")
        return _reach(module, path)
    if kind == "stage":
        group, _, member = name.partition(":")
        return member in entry_points(group=group).names
    if kind == "module":
        return importlib.util.find_spec(name) is not None
    if kind == "option":
        command, _, option = name.partition(":")
        return option in help_text(command)
    if kind == "command":
        return name in command_names()
    raise ValueError(f"unknown kind of line in status.toml: {where!r}")


def _reach(module: str, path: str) -> bool:
    try:
        value = importlib.import_module(module)
        for name in path.split("."):
            value = getattr(value, name)
    except (ImportError, AttributeError):
        return False
    return True


def command_names() -> set[str]:
    """Return every command of the command line, subcommands as two words."""
    import typer.main

    from radnlp.cli import app

    root = typer.main.get_command(app)
    names = set()
    for name, command in getattr(root, "commands", {}).items():
        inner = getattr(command, "commands", {})
        names |= {f"{name} {sub}" for sub in inner}
        # A group such as `models` may do something by itself.
        if not inner or getattr(command, "invoke_without_command", False):
            names.add(name)
    return names


def status_groups() -> list[dict[str, object]]:
    """Return the groups of status.toml."""
    groups: list[dict[str, object]] = tomllib.loads((DOCS / "status.toml").read_text("utf-8"))[
        "group"
    ]
    return groups


def status_page() -> str:
    """Return the page that says what works, partly works, or is not there yet."""
    lines = [
        "# What works",
        "",
        "Every public name and command of the contract. Made from `docs/status.toml` by "
        "`docs/generate.py`; a test holds each line against the code.",
        "",
    ]
    for group in status_groups():
        lines += [f"## {group['title']}", "", "| name | status | note |", "| --- | --- | --- |"]
        for item in group["items"]:  # type: ignore[attr-defined]
            lines.append(f"| `{item['name']}` | {item['status']} | {item.get('note', '')} |")
        lines.append("")
    return "\n".join(lines)


def vocabulary_page() -> str:
    """Return every concept with its parents and terms."""
    from radnlp.vocabulary import load_vocabulary

    vocabulary = load_vocabulary()
    lines = [
        "# Vocabulary",
        "",
        f"{len(vocabulary)} concepts. `radnlp.vocabulary.load_vocabulary()` gives `get`, `find`, "
        "`search`, `is_a` and `ancestors`.",
        "Terms are listed in singular and American spelling; plurals, hyphens and British "
        "spelling are understood by rule.",
        "",
    ]
    for kind in dict.fromkeys(concept.kind for concept in vocabulary):
        lines += [f"## {kind}", "", "| id | parents | terms |", "| --- | --- | --- |"]
        for concept in vocabulary:
            if concept.kind == kind:
                terms = [*concept.terms, *(one for many in concept.sided.values() for one in many)]
                cells = (f"`{concept.id}`", ", ".join(concept.parents), "; ".join(terms))
                lines.append(f"| {' | '.join(cells)} |")
        lines.append("")
    return "\n".join(lines)


def checks_page() -> str:
    """Return the rules of `radnlp check` with their weights and examples."""
    from radnlp.archive.slips import IMAGE_WEIGHTS
    from radnlp.text.consistency.book import load_checkbook

    book = load_checkbook()
    lines = [
        "# Rules of radnlp check",
        "",
        "Made from `radnlp/text/rules/consistency.toml` by `docs/generate.py`; a test holds each "
        "rule against its two examples. Score = weight × confidence; the confidence of a rule on "
        f"words is 1, or {book.hedged} where a mention is hedged.",
        "",
        "| rule | weight | says | fires on | stays silent on |",
        "| --- | --- | --- | --- | --- |",
    ]
    for rule in sorted(book.rules.values(), key=lambda rule: -rule.weight):
        known = {name: getattr(rule.exam, name) for name in ("name", "sex", "age_years")}
        said = ", ".join(f"{name} {value}" for name, value in known.items() if value is not None)
        fires = f"{rule.fires} (record: {said})" if said else rule.fires
        cells = (f"`{rule.id}`", str(rule.weight), rule.sentence, fires, rule.silent)
        lines.append(f"| {' | '.join(cells)} |")
    lines += [
        "",
        "Against the image (`--studies`); the confidence is the network's, or one minus it where "
        "the image does not show what the report states:",
        "",
        "| rule | weight |",
        "| --- | --- |",
        *(f"| `image.{kind}` | {weight} |" for kind, weight in IMAGE_WEIGHTS.items()),
        "",
    ]
    return "\n".join(lines)


def card_page(name: str) -> str:
    """Return a model card as it lies beside the weights; benchmarks/ wrote it."""
    return (WEIGHTS / f"{name}.md").read_text("utf-8")


def main() -> None:
    """Write the pages."""
    reference = DOCS / "reference"
    (reference / "vocabulary.md").write_text(vocabulary_page(), "utf-8")
    (reference / "status.md").write_text(status_page(), "utf-8")
    (reference / "checks.md").write_text(checks_page(), "utf-8")
    (reference / "cli.md").write_text(cli_page(), "utf-8")
    for name in CARDS:
        (reference / f"{name}.md").write_text(card_page(name), "utf-8")


if __name__ == "__main__":
    main()
