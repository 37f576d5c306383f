"""A transfer in words: where from, where to, how far, how it ended, what failed."""

from __future__ import annotations

from textual.content import Content

from core.model import Job, JobKind
from tui import units
from tui.mask import sensitive
from tui.outcomes import JOB_WORDS, outcome_lines, styled
from tui.safe_text import safe_content

SHOWN_FAILURES = 100

ARROWS = {
    JobKind.MOVE: "←",
    JobKind.GET: "←",
    JobKind.SEND: "→",
    JobKind.IMPORT: "+",
    JobKind.EXPORT: "↓",
    JobKind.COMMIT: "?",
}
"""Which way objects go; a commitment only asks."""
SERVICES = {
    JobKind.MOVE: "C-MOVE",
    JobKind.GET: "C-GET",
    JobKind.SEND: "C-STORE",
    JobKind.IMPORT: "import",
    JobKind.EXPORT: "export",
    JobKind.COMMIT: "storage commitment",
}
_INWARD = (JobKind.MOVE, JobKind.GET)


def service(job: Job) -> str:
    """What a job does, by the name of its service."""
    return SERVICES.get(job.kind, job.kind.value)


def what(job: Job, title: str) -> str:
    """Which way, with whom, and what."""
    return " ".join(filter(None, (ARROWS.get(job.kind, "·"), job.peer, title)))


def marked_title(job: Job) -> str:
    """A job's own title; a path or a patient's number in it is marked for the mask."""
    telling = job.kind in (JobKind.IMPORT, JobKind.EXPORT) or job.title.startswith("patient ")
    return sensitive(job.title) if telling else job.title


def short_of(job: Job) -> int:
    """How many objects are not where they were to go: what failed is among what is missing."""
    return max(job.failed, job.missing)


def words(job: Job, title: str) -> Content:
    """Everything about a job."""
    lines = [safe_content(f"Job {job.id}, {service(job)}: {title}", "bold")]
    if title != marked_title(job):
        lines.append(safe_content(marked_title(job), "$text-muted"))
    lines.append(Content.assemble(styled(JOB_WORDS[job.state]), safe_content(_way(job))))
    lines.append(safe_content(counts(job)))
    if job.note and not (job.outcome and job.note == job.outcome.meaning):
        lines.append(safe_content(job.note, "$text-muted"))
    if job.outcome:
        lines.append(outcome_lines(job.outcome))
    shown = job.failures[:SHOWN_FAILURES]
    lines += [safe_content(f"✖ {_failed(f.what)}: {f.why}", "$text-error") for f in shown]
    if len(job.failures) > SHOWN_FAILURES:
        lines.append(safe_content(f"… and {len(job.failures) - SHOWN_FAILURES} more"))
    return Content("\n").join(lines)


def _failed(name: str) -> str:
    """A SOP Instance UID as it is; a path may hold a name."""
    return sensitive(name) if "/" in name else name


def _way(job: Job) -> str:
    """From where to where, since when, and how often it was tried."""
    way = ""
    if job.peer:
        way = f"  {'from' if job.kind in _INWARD else 'to'} {job.peer}"
    if job.destination:
        way += f" to {job.destination}"
    facts = []
    if job.started:
        facts.append(f"started {units.clock(job.started)}")
    if job.seconds:
        facts.append(f"took {units.duration(job.seconds)}")
    if job.attempt > 1:
        facts.append(f"attempt {job.attempt}")
    if job.priority:
        facts.append(f"priority {job.priority:+d}")
    return ", ".join([way, *facts]) if way else "  " + ", ".join(facts)


def counts(job: Job) -> str:
    """Promised, arrived, missing; and what the peer claims where that differs."""
    promised = "unknown" if job.promised is None else str(job.promised)
    arrived = "committed" if job.kind is JobKind.COMMIT else "arrived"
    size = f" ({units.size(job.arrived_bytes)})" if job.arrived_bytes else ""
    parts = [f"Promised {promised}", f"{arrived} {job.arrived}{size}"]
    others = ("missing", "failed", "skipped", "warnings")
    parts += [f"{name} {getattr(job, name)}" for name in others if getattr(job, name)]
    text = ", ".join(parts)
    if job.completed is not None and job.completed != job.arrived:
        text += f"; the peer says it completed {job.completed}"
    return text
