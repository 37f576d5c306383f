"""Exit codes of the command line: what a script or a monitor may rely on."""

from __future__ import annotations

from enum import IntEnum

from core.errors import ArchiveLockedError, ListenError, ModalittyError, SettingsError, UsageError
from core.model import Job, JobState, Outcome, OutcomeState


class Exit(IntEnum):
    """What the process says when it ends."""

    DONE = 0
    FAILED = 1
    """The remote answered with a failure, or nothing was found."""
    USAGE = 2
    """Usage or configuration."""
    UNREACHABLE = 3
    """Unreachable, rejected, aborted or silent."""
    PARTIAL = 4
    """Done in part."""
    INTERRUPTED = 130


_NO_CONTACT = (
    OutcomeState.UNREACHABLE,
    OutcomeState.REJECTED,
    OutcomeState.ABORTED,
    OutcomeState.TIMEOUT,
)


def of_outcome(outcome: Outcome) -> Exit:
    """Give the exit code for how an exchange ended."""
    if outcome.ok:
        return Exit.DONE
    return Exit.UNREACHABLE if outcome.state in _NO_CONTACT else Exit.FAILED


def of_job(job: Job) -> Exit:
    """Give the exit code for how a job ended."""
    if job.state is JobState.DONE:
        return Exit.DONE
    if job.state is JobState.PARTIAL or (job.state is JobState.CANCELLED and job.arrived):
        return Exit.PARTIAL
    return of_outcome(job.outcome) if job.outcome and not job.outcome.ok else Exit.FAILED


def of_error(error: ModalittyError) -> Exit:
    """Give the exit code for something that could not be done here."""
    usage = (UsageError, SettingsError, ListenError, ArchiveLockedError)
    return Exit.USAGE if isinstance(error, usage) else Exit.FAILED
