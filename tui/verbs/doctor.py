"""The verb that says why a link does not work: doctor."""

from __future__ import annotations

import typer

from core.model import Finding
from tui import exits, findings
from tui.output import print_json
from tui.verbs.context import Json, options
from tui.verbs.peer import Called, calls_peer


@calls_peer
def doctor(ctx: typer.Context, called: Called, json: Json = False) -> None:
    """Find out why a link does not work: name, TCP, TLS, association, services, C-MOVE, callers.

    Each check says what it saw, what that means and what to do. No data moves.
    """
    found: list[Finding] = []
    with options(ctx).station(reads_only=True) as station:
        peer = called.known_to(station)
        for finding in station.doctor.examine(peer):
            found.append(finding)
            if json:
                print_json(finding)
            else:
                print("\n".join(findings.text_lines(finding)), flush=True)
    raise typer.Exit(_exit_of(found))


def _exit_of(found: list[Finding]) -> exits.Exit:
    fault = findings.first_fault(found)
    if fault is None:
        return exits.Exit.DONE
    return exits.of_outcome(fault.outcome) if fault.outcome else exits.Exit.FAILED
