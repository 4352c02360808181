"""The command line: parse, call, print. One file per command.

Exit status: 0 done; 1 finished, but some inputs failed; 2 wrong use or nothing usable. Results go
to standard output or ``-o``, everything else to standard error.
"""

from typing import Annotated

import typer

from radnlp.cli import (
    analyze,
    check,
    demo,
    draft,
    evaluate,
    extract,
    index,
    models,
    train_text,
)
from radnlp.errors import RadnlpError
from radnlp.version import __version__

app = typer.Typer(
    name="radnlp",
    help="Read radiology reports and the images they describe, together. Offline, on a CPU.\n\n"
    "Drafts only. Not for diagnosis.",
    epilog="radnlp COMMAND --help shows every option with an example.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
app.command(epilog=demo.EXAMPLES)(demo.demo)
app.command(epilog=analyze.EXAMPLES)(analyze.analyze)
app.command(epilog=draft.EXAMPLES)(draft.draft)
app.command(epilog=extract.EXAMPLES)(extract.extract)
app.command(epilog=index.EXAMPLES)(index.index)
app.command(epilog=check.EXAMPLES)(check.check)
app.add_typer(train_text.train, name="train")
app.add_typer(evaluate.evaluate, name="evaluate")
app.add_typer(models.models, name="models")


def _version(asked: bool) -> None:  # noqa: FBT001 (typer's callback)
    if asked:
        typer.echo(f"radnlp {__version__}")
        raise typer.Exit


@app.callback()
def _radnlp(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    pass


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit status.

    Args:
        arguments: Without the program's name; ``None`` takes those of the process.
    """
    try:
        app(args=arguments, prog_name="radnlp")
    except RadnlpError as error:
        typer.echo(f"radnlp: {' '.join(str(error).split())}", err=True)
        return 2
    except OSError as error:
        typer.echo(f"radnlp: cannot write the output: {error.strerror or error}", err=True)
        return 2
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 2
    return 0


__all__ = ["app", "main"]
