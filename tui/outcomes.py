"""Outcomes and job states in words, with a mark and a colour beside them, never by colour alone."""

from __future__ import annotations

from textual.content import Content

from core.model import JobState, Outcome, OutcomeState
from tui import units
from tui.safe_text import safe_content
from tui.widgets.row_columns import Tone

WORDS = {
    OutcomeState.OK: "● answers",
    OutcomeState.WARNING: "● answers, warns",
    OutcomeState.CANCELLED: "– cancelled",
    OutcomeState.FAILED: "✖ failed",
    OutcomeState.TIMEOUT: "✖ timed out",
    OutcomeState.ABORTED: "✖ aborted",
    OutcomeState.REJECTED: "✖ rejected",
    OutcomeState.UNREACHABLE: "✖ unreachable",
}
JOB_WORDS = {
    JobState.QUEUED: "○ queued",
    JobState.RUNNING: "▶ running",
    JobState.PAUSED: "‖ paused",
    JobState.DONE: "● done",
    JobState.PARTIAL: "! in part",
    JobState.FAILED: "✖ failed",
    JobState.CANCELLED: "– cancelled",
}
_MARK_TONES = {
    "●": Tone.OK,
    "▶": Tone.ACCENT,
    "!": Tone.WARNING,
    "‖": Tone.WARNING,
    "✖": Tone.ERROR,
    "○": Tone.MUTED,
    "–": Tone.MUTED,
    "…": Tone.ACCENT,
}
_STYLES = {
    Tone.OK: "$text-success",
    Tone.WARNING: "$text-warning",
    Tone.ERROR: "$text-error",
    Tone.ACCENT: "$text-accent",
    Tone.MUTED: "$text-muted",
    Tone.PLAIN: "",
}


def tone(words: object) -> Tone:
    """The tone of a state in words, by its mark."""
    return _MARK_TONES.get(str(words)[:1], Tone.PLAIN)


def styled(words: str) -> Content:
    """A state in words, in its colour."""
    return safe_content(words, _STYLES[tone(words)])


def outcome_tone(outcome: Outcome) -> str:
    """The style of an outcome."""
    if outcome.state is OutcomeState.WARNING:
        return _STYLES[Tone.WARNING]
    return _STYLES[tone(WORDS[outcome.state])]


def outcome_lines(outcome: Outcome) -> Content:
    """What happened, what to do about it, and what the peer said, a line each."""
    head = f"{WORDS[outcome.state][0]} {sentence(outcome.meaning)}"
    facts = [units.duration(outcome.seconds)] if outcome.seconds else []
    if outcome.status is not None:
        facts.insert(0, f"status 0x{outcome.status:04X}")
    lines = [
        Content.assemble(
            safe_content(head, f"bold {outcome_tone(outcome)}"),
            (f"  {', '.join(facts)}", "$text-muted"),
        )
    ]
    if outcome.advice:
        lines.append(safe_content(f"→ {sentence(outcome.advice)}", "bold"))
    if outcome.comment:
        lines.append(safe_content(f"The peer says: {outcome.comment}"))
    if outcome.offending:
        lines.append(safe_content(f"Offending elements: {', '.join(outcome.offending)}"))
    return Content("\n").join(lines)


def sentence(text: str) -> str:
    """Text with a capital at its start."""
    return text[:1].upper() + text[1:]
