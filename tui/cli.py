"""The command line: options that hold for every verb, and the verbs.

Exit codes are in :mod:`tui.exits`; each group of verbs has a module in :mod:`tui.verbs`.
"""

from __future__ import annotations

import sys
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import typer

from core.errors import ModalittyError
from tui import exits
from tui.output import print_error, print_fault
from tui.verbs import (
    archive,
    care,
    commitment,
    modalities,
    network,
    objects,
    service,
    worklist,
)
from tui.verbs.context import Globals

app = typer.Typer(
    name="modalitty",
    help="A console for DICOM networks. Without a verb it opens the screen.",
    no_args_is_help=False,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("demo")(service.demo)
app.command("serve")(service.serve)
app.command("echo")(network.echo)
app.command("find")(network.find)
app.command("worklist")(worklist.worklist)
app.command("move")(network.move)
app.command("get")(network.get)
app.command("send")(network.send)
app.command("commit")(commitment.commit)
app.command("list")(archive.list_held)
app.command("lookup")(archive.lookup)
app.command("import")(archive.import_paths)
app.command("statistics")(care.statistics)
app.command("check")(care.check)
app.command("protect")(care.protect)
app.command("export")(archive.export)
app.command("dump")(objects.dump)
app.command("preview")(objects.preview)
app.add_typer(modalities.app, name="modalities")


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"modalitty {version('modalitty')}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def _main(
    ctx: typer.Context,
    config: Annotated[
        Path | None, typer.Option(help="The configuration file.", show_default="the user's")
    ] = None,
    data: Annotated[
        Path | None, typer.Option(help="The data folder.", show_default="the user's")
    ] = None,
    read_only: Annotated[
        bool, typer.Option("--read-only", help="Take away whatever changes anything.")
    ] = False,
    log_level: Annotated[
        str, typer.Option(help="debug, info, warning or error.", metavar="LEVEL")
    ] = "warning",
    _version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Say which.")
    ] = False,
) -> None:
    ctx.obj = Globals(config=config, data=data, read_only=read_only, log_level=log_level)
    if ctx.invoked_subcommand is None:
        service.console(ctx)


# typer keeps its command parser to itself, and shows only the leaves of its exceptions.
_WrongWords: Any = next(
    base for base in typer.BadParameter.__mro__ if base.__name__ == "ClickException"
)


def _help_for(exc: Any) -> str:
    context = getattr(exc, "ctx", None)
    verb = context.command_path if context else "modalitty"
    return f"see: {verb} --help"


def main() -> None:
    """Run the command line and exit the process with an honest code."""
    try:
        code = app(standalone_mode=False)
    except _WrongWords as exc:
        print_fault(exc.format_message().rstrip("."), _help_for(exc))
        code = exits.Exit.USAGE
    except ModalittyError as exc:
        print_error(exc)
        code = exits.of_error(exc)
    except (typer.Abort, KeyboardInterrupt):
        print_fault("interrupted")
        code = exits.Exit.INTERRUPTED
    except BrokenPipeError:
        # Whoever read us has gone, as in `modalitty find … | head`: nothing is wrong.
        sys.stdout = None
        code = exits.Exit.DONE
    sys.exit(int(code or 0))
