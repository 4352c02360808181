"""``radnlp demo``: the bundled study, all the way."""

from pathlib import Path
from typing import Annotated

import typer

from radnlp.cli import results
from radnlp.errors import OutputError

EXAMPLES = """\b
Examples:
  radnlp demo
  radnlp demo -o look
"""


def demo(
    *,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FOLDER", help="Folder of the results.")
    ] = Path("radnlp-demo"),
) -> None:
    """Analyse the bundled study, which is simulated.

    It is a chest film and its report, made by radnlp itself; it shows no patient.
    Prints the summary and writes analysis.json, overlay.png and page.html.
    """
    from radnlp.examples import load_example
    from radnlp.pipeline import analyze

    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"cannot make the folder {output}: {error.strerror}; choose another one with -o"
        ) from None
    example = load_example()
    analysis = analyze(report=example.report, image=example.image)
    for name in ("analysis.json", "overlay.png", "page.html"):
        analysis.save(output / name)
    results.show_summary(analysis)
    results.say(f"The study is simulated and shows no patient: {example.folder}")
    results.say(f"Open {output / 'page.html'} in a browser; beside it: overlay.png, analysis.json")


__all__ = ["EXAMPLES", "demo"]
