"""The modality worklist on the command line: what is scheduled where."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date as day
from typing import Annotated

import typer

from core.errors import UsageError
from core.model import Match
from core.worklist import STEP, worklist_keys
from tui import dates, exits
from tui.output import print_fault, print_json, print_table
from tui.units import date, person_name, time
from tui.verbs.answers import Answers, end
from tui.verbs.context import Aet, Host, Json, Name, PortOption, options, peer_of
from tui.verbs.keys import Keys

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


def worklist(
    ctx: typer.Context,
    name: Name = "",
    aet: Aet = "",
    host: Host = "",
    port: PortOption = 0,
    key: Keys = None,
    limit: Annotated[int, typer.Option(min=0, help="Stop after so many steps.")] = 0,
    json: Json = False,
) -> None:
    """Ask a peer for its modality worklist; exits 1 where nothing is scheduled.

    Keys of the scheduled procedure step are given as they are: -k Modality=CT
    -k ScheduledProcedureStepStartDate=today. Dates may be words and ranges. Keys in other sequences
    are written with dots.
    """
    asked = _asked(key or ())
    with options(ctx).station() as station:
        peer = peer_of(station, name, aet, host, port)
        answers = Answers(station.worklist(peer, asked, limit))
        if json:
            count = 0
            for count, match in enumerate(answers, 1):  # noqa: B007  counted for after the loop
                print_json(match)
        else:
            columns = tuple(worklist_keys(asked))
            count = print_table(_headers(columns), (_row(match, columns) for match in answers))
    outcome = answers.outcome
    if outcome and not outcome.ok:
        if json:
            print_json({"outcome": outcome})
        end(outcome)
    if not count:
        print_fault("nothing is scheduled that matches")
        raise typer.Exit(exits.Exit.FAILED)


def _asked(words: Iterable[str]) -> dict[str, str]:
    keys = {}
    for word in words:
        keyword, _, value = word.partition("=")
        if not keyword.strip():
            raise UsageError(f"-k {word}: no keyword", "write KEYWORD=VALUE or KEYWORD")
        keys[keyword.strip()] = _matching(keyword.strip(), value)
    return keys


def _matching(keyword: str, value: str) -> str:
    """Turn dates and times as people type them into those of DICOM."""
    if keyword.endswith("Date"):
        try:
            return dates.date_range(value, day.today())
        except ValueError as exc:
            raise UsageError(f"-k {keyword}={value}: {exc}", dates.HELP) from exc
    return value.replace(":", "") if keyword.endswith("Time") else value


def _headers(columns: Iterable[str]) -> tuple[str, ...]:
    plain = (column.removeprefix(f"{STEP}.") for column in columns)
    return tuple(_SHORT.get(column, column) for column in plain)


def _row(match: Match, columns: Iterable[str]) -> tuple[str, ...]:
    return tuple(_readable(column, _value(match, column)) for column in columns)


def _value(match: Match, column: str) -> str:
    """The value of a column; of a sequence, what its items mean."""
    found = match.values.get(column, "")
    return found or match.values.get(f"{column}.CodeMeaning", "")


def _readable(keyword: str, value: str) -> str:
    if keyword.endswith("Date"):
        return date(value)
    if keyword.endswith("Time"):
        return time(value)
    return person_name(value) if keyword.endswith("Name") and "^" in value else value
