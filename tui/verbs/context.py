"""What every verb needs: the options before it, the station they make, what they share."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from core.errors import NotHeldError, UsageError
from core.events import Event, Notice, Severity
from core.model import Job, JobKind, Level, LookupHit, Ref
from core.settings import ae_title_fault
from core.settings_file import SettingsStore
from core.station import Station
from core.station.lean import load_pydicom_alone
from tui import exits
from tui.output import end_progress, outcome_text, print_fault, print_json, progress_line
from tui.safe_text import safe_text
from tui.units import rate, size


@dataclass(frozen=True)
class Globals:
    """The options before the verb."""

    config: Path | None
    data: Path | None
    read_only: bool
    log_level: str

    def store(self) -> SettingsStore:
        """Read the configuration; raises SettingsError."""
        return SettingsStore.open(self.config)

    def station(self, *, reads_only: bool = False, no_pixels: bool = False) -> Station:
        """Make the station and let log lines go to stderr; raises SettingsError.

        `no_pixels` is for verbs that decode nothing in this process: they start a quarter sooner.
        """
        log_to_stderr(self.log_level)
        if no_pixels:
            load_pydicom_alone()
        station = Station.open(self.store(), self.data, reads_only=reads_only)
        station.events.subscribe(log_notice)
        return station

    def may_change(self, verb: str) -> None:
        """Raise UsageError where `--read-only` takes this verb away."""
        if self.read_only:
            raise UsageError(f"{verb} changes something, and --read-only is set", "leave it out")


_LEVELS = {
    Severity.INFO: logging.INFO,
    Severity.WARNING: logging.WARNING,
    Severity.ERROR: logging.ERROR,
}


class _SafeFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return safe_text(super().format(record))


def log_notice(event: Event) -> None:
    """Put what a person should know into the log: not everybody has a screen to see it on."""
    if isinstance(event, Notice):
        logging.getLogger("modalitty").log(_LEVELS[event.severity], "%s", event.text)


def log_to_stderr(level: str) -> None:
    """Send log lines from `level` up to stderr, made harmless; raises UsageError."""
    log_to(logging.StreamHandler(), level)


def log_to(handler: logging.Handler, level: str) -> None:
    """Send log lines from `level` up to `handler`, made harmless; raises UsageError."""
    number = logging.getLevelName(level.upper())
    if not isinstance(number, int):
        raise UsageError(f"no such log level: {level}", "debug, info, warning or error")
    handler.setFormatter(_SafeFormatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=number, handlers=[handler], force=True)
    # It logs tracebacks of whatever a caller sends; what matters of it we say ourselves.
    logging.getLogger("pynetdicom").setLevel(logging.CRITICAL)
    # Libraries warn of odd values in the words of the object, a line for each: noise but for debug.
    for library in ("pydicom", "py.warnings"):
        logging.getLogger(library).setLevel(number if number <= logging.DEBUG else logging.ERROR)
    logging.captureWarnings(True)


Json = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
Name = Annotated[str, typer.Argument(help="A modality by name.")]
Study = Annotated[str, typer.Option(help="Study Instance UID.")]
Series = Annotated[str, typer.Option(help="Series Instance UID.")]
Sop = Annotated[str, typer.Option("--instance", help="SOP Instance UID.")]


def options(ctx: typer.Context) -> Globals:
    """Give the options before the verb."""
    found = ctx.obj
    if not isinstance(found, Globals):
        raise TypeError("the callback of the command line did not run")
    return found


def ref_of(study: str, series: str, instance: str) -> Ref:
    """Name what is meant by the UIDs given; the lowest one decides the level."""
    if not (study or series or instance):
        raise UsageError("nothing named", "give --study, --series or --instance")
    level = Level.IMAGE if instance else Level.SERIES if series else Level.STUDY
    return Ref(level=level, study_uid=study, series_uid=series, sop_instance_uid=instance)


def held_refs(hits: tuple[LookupHit, ...], word: str) -> list[Ref]:
    """Name what a look-up found; raises NotHeldError where that is nothing."""
    if not hits:
        raise NotHeldError(f"{word} is neither a file nor held here", "look it up, or correct it")
    return [hit.ref for hit in hits]


def destination_of(station: Station, to: str) -> str:
    """Turn the name of a modality, or an AE title, into a destination's AE title."""
    known = station.settings.modalities
    destination = known[to].ae_title if to in known else to
    if to and (fault := ae_title_fault(destination)):
        raise UsageError(f"--to: {fault}", "give a modality's name or an AE title")
    return destination


def follow(station: Station, job: Job, *, json: bool) -> NoReturn:
    """Wait for a job with a line of progress, say how it ended, and exit by it."""
    try:
        while not (job := station.jobs.wait(job.id, 0.2)).state.ended:
            progress_line(_progress(job))
    except KeyboardInterrupt:
        station.jobs.cancel(job.id)
        job = station.jobs.wait(job.id, 10)
    end_progress()
    if json:
        print_json(job)
    else:
        print(safe_text(summary(job)))
    _explain(job)
    raise typer.Exit(exits.of_job(job))


def _progress(job: Job) -> str:
    of = f" of {job.promised}" if job.promised is not None else ""
    return f"{job.kind.value} {job.arrived}{of}, {size(job.arrived_bytes)}, {job.state.value}"


def summary(job: Job) -> str:
    """Put a job that has ended into one line."""
    count = job.arrived or job.completed or 0
    none = job.skipped if job.kind is JobKind.IMPORT else 0
    of = f" of {job.promised - none}" if job.promised is not None else ""
    parts = [f"{job.kind.value} {job.state.value}: {count}{of} objects"]
    if job.arrived_bytes:
        speed = rate(job.arrived_bytes / max(job.seconds, 0.001))
        parts.append(f"{size(job.arrived_bytes)} in {job.seconds:.1f} s ({speed})")
    if job.failed:
        parts.append(f"{job.failed} failed")
    if job.skipped:
        why = "that are not DICOM" if job.kind is JobKind.IMPORT else "not sent"
        parts.append(f"{job.skipped} files {why} skipped" if none else f"{job.skipped} files {why}")
    return ", ".join(parts)


def _explain(job: Job) -> None:
    outcome = job.outcome
    if outcome and not outcome.ok:
        print_fault(outcome_text(outcome), outcome.advice)
    elif job.note:
        print_fault(job.note)
    for failure in job.failures[:20]:
        print_fault(failure.what, failure.why)
    if len(job.failures) > 20:
        print_fault(f"… and {len(job.failures) - 20} more failures", "--json lists them")
