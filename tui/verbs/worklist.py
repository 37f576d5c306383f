"""The modality worklist on the command line: what is scheduled where."""

from __future__ import annotations

from collections.abc import Iterable

import typer

from core.worklist import STEP, worklist_keys
from tui.verbs.answers import Answers, show
from tui.verbs.context import Json, options
from tui.verbs.keys import Keys, Limit, read_keys
from tui.verbs.peer import Called, calls_peer

_SHORT = {
    "ScheduledProcedureStepStartDate": "Date",
    "ScheduledProcedureStepStartTime": "Time",
    "ScheduledStationAETitle": "Station",
    "ScheduledProcedureStepDescription": "Step",
    "ScheduledProcedureStepID": "StepID",
    "ScheduledPerformingPhysicianName": "Performer",
    "RequestedProcedureDescription": "Procedure",
    "RequestedProcedureID": "ProcedureID",
}


@calls_peer
def worklist(
    ctx: typer.Context, called: Called, key: Keys = None, limit: Limit = 0, json: Json = False
) -> None:
    """Ask a peer for its modality worklist; exits 1 where nothing is scheduled.

    Keys of the scheduled procedure step are given as they are: -k Modality=CT
    -k ScheduledProcedureStepStartDate=today. Dates may be words and ranges. Keys in other sequences
    are written with dots.
    """
    asked = read_keys(key)
    columns = tuple(worklist_keys(asked))
    with options(ctx).station(no_pixels=True) as station:
        peer = called.known_to(station)
        answers = Answers(station.worklist(peer, asked, limit))
        show(answers, columns, _headers(columns), json=json)
    answers.end("nothing is scheduled that matches", json=json)


def _headers(columns: Iterable[str]) -> tuple[str, ...]:
    plain = (column.removeprefix(f"{STEP}.") for column in columns)
    return tuple(_SHORT.get(column, column) for column in plain)
