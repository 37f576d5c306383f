"""The command line: options that hold for every verb, and the verbs.

Exit codes are in :mod:`tui.exits`; each group of verbs has a module in :mod:`tui.verbs`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from core.errors import ModalittyError
from tui import exits
from tui.output import print_error, print_fault
from tui.verbs.context import Globals

VERBS = {
    "demo": "service",
    "serve": "service",
    "echo": "network",
    "doctor": "doctor",
    "find": "network",
    "worklist": "worklist",
    "move": "network",
    "get": "network",
    "look": "look",
    "send": "network",
    "commit": "commitment",
    "list": "archive:list_held",
    "lookup": "archive",
    "import": "archive:import_paths",
    "statistics": "care",
    "check": "care",
    "protect": "care",
    "export": "archive",
    "dump": "objects",
    "compare": "compare",
    "validate": "validation",
    "preview": "preview",
    "document": "document",
    "modalities": "modalities:app",
}
"""Verb → its module in :mod:`tui.verbs`, and its function where that has another name."""


class _Commands(Mapping[str, Any]):
    """Each verb as a command; the module of one is loaded when it is asked for."""

    def __getitem__(self, verb: str) -> Any:
        module, _, name = VERBS[verb].partition(":")
        found = getattr(import_module(f"tui.verbs.{module}"), name or verb)
        app = found if isinstance(found, typer.Typer) else _app(found)
        command = typer.main.get_command(app)
        command.name = verb
        return command

    def __iter__(self) -> Iterator[str]:
        return iter(VERBS)

    def __len__(self) -> int:
        return len(VERBS)


def _app(verb: Any) -> typer.Typer:
    """Make an application of one verb, which typer makes a command of."""
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
    app.command()(verb)
    return app


class _Verbs(TyperGroup):
    """The verbs; help on all of them loads them all."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.commands = _Commands()  # type: ignore[assignment]  # nobody adds to it

    def list_commands(self, _ctx: Any) -> list[str]:
        return list(VERBS)


app = typer.Typer(
    name="modalitty",
    cls=_Verbs,
    help="A console for DICOM networks. Without a verb it opens the screen.",
    no_args_is_help=False,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

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
        import_module("tui.verbs.service").console(ctx)


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
