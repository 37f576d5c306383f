"""Verbs that care for what is held here: statistics, check, protect."""

from __future__ import annotations

from typing import Annotated

import typer
from msgspec import to_builtins

from core.model import CheckReport, Level, ProtectedPatient, Ref, Statistics
from tui import exits
from tui.output import print_fault, print_json, print_table
from tui.units import date, person_name, size
from tui.verbs.context import Json, Study, options


def statistics(ctx: typer.Context, json: Json = False) -> None:
    """Say how much is held, by modality too, and how much room there is."""
    with options(ctx).station(reads_only=True) as station:
        found = station.archive.statistics()
    if json:
        print_json(found)
        return
    print_table(("", "held"), _totals(found))
    rows = (
        (each.modality or "(none)", str(each.series), str(each.instances), size(each.size))
        for each in found.modalities
    )
    print()
    print_table(("modality", "series", "instances", "size"), rows)


def _totals(found: Statistics) -> list[tuple[str, str]]:
    return [
        ("patients", str(found.patients)),
        ("studies", str(found.studies)),
        ("series", str(found.series)),
        ("instances", str(found.instances)),
        ("size", size(found.size)),
        ("quota", size(found.quota) if found.quota else "none"),
        ("free on disk", size(found.free)),
        ("protected patients", str(found.protected)),
    ]


def check(
    ctx: typer.Context,
    repair: Annotated[
        bool, typer.Option("--repair", help="Make the index say what the files say.")
    ] = False,
    json: Json = False,
) -> None:
    """Hold the index against the files; exits 1 where they do not agree and nothing was repaired.

    Beside a running station, objects that come in meanwhile show as files without a record.
    """
    if repair:
        options(ctx).may_change("check --repair")
    with options(ctx).station(reads_only=not repair) as station:
        report = station.archive.check(repair=repair)
    if json:
        print_json({**to_builtins(report), "clean": report.clean})
    else:
        _print_report(report)
    if not (report.clean or report.repaired):
        raise typer.Exit(exits.Exit.FAILED)


def _print_report(report: CheckReport) -> None:
    rows = [
        (kind, failure.what, failure.why)
        for kind, failures in (
            ("no file", report.missing),
            ("no record", report.unindexed),
            ("strange", report.strange),
        )
        for failure in failures
    ]
    print_table(("fault", "what", "why"), rows)
    verdict = "index and files agree" if report.clean else "index and files do not agree"
    done = "; repaired" if report.repaired else ""
    print(f"{report.instances} objects in the index: {verdict}{done}")
    if report.strange:
        print_fault(f"{len(report.strange)} files are no objects in their place", "left alone")


def protect(
    ctx: typer.Context,
    patient_id: Annotated[str, typer.Argument(help="A PatientID; leave out to list.")] = "",
    study: Study = "",
    off: Annotated[bool, typer.Option("--off", help="Protect no longer.")] = False,
    json: Json = False,
) -> None:
    """Keep a patient from being recycled, or list who is protected.

    Where several patients have one PatientID, give --study: the patient of that study is meant.
    """
    names = bool(patient_id or study)
    if names:
        options(ctx).may_change("protect")
    with options(ctx).station(reads_only=not names) as station:
        if names:
            level = Level.STUDY if study else Level.PATIENT
            ref = Ref(level=level, patient_id=patient_id, study_uid=study)
            station.archive.protect(ref, on=not off)
        found = station.archive.protected()
    if json:
        print_json([to_builtins(patient) for patient in found])
    else:
        _print_patients(found)


def _print_patients(found: tuple[ProtectedPatient, ...]) -> None:
    rows = (
        (p.patient_id, person_name(p.name), date(p.birth_date), p.issuer, str(p.studies))
        for p in found
    )
    if not print_table(("PatientID", "name", "born", "issuer", "studies held"), rows):
        print_fault("no patient is protected")
