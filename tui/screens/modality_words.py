"""A modality in words: its row in Network, and what is known of it and its link below."""

from __future__ import annotations

import time
from collections.abc import Sequence

from textual.content import Content

from core.model import Link, Modality, Retrieve, Visitor
from tui import sparkline, units
from tui.outcomes import WORDS, outcome_lines, sentence, tone
from tui.safe_text import safe_content
from tui.screens.callers import refusal_lines
from tui.widgets.row_columns import Column, Kind

DEFAULT_JOBS = 2
SPARKS = 12
"""Echoes that the table shows; the lower part has more."""
NOT_TRIED, CALLING = "○ not tried", "… calling"

COLUMNS = (
    Column("name", "Name", min_width=6, max_width=20, priority=0),
    Column("state", "State", min_width=13, max_width=18, priority=0, tone=tone),
    Column("ae_title", "AE title", min_width=8, max_width=16, priority=2),
    Column("since", "Since", width=8),
    Column("seconds", "Echo", Kind.DURATION, min_width=6, priority=1),
    Column("beats", "Round trips", width=12),
    Column("address", "Address", min_width=8, max_width=40, priority=3),
    Column(
        "note",
        "Last fault or comment",
        min_width=14,
        max_width=60,
        flex=1,
        priority=4,
        optional=True,
    ),
)
EMPTY = Content.assemble(
    ("No modalities yet.\n", "bold"), "a adds the first: a scanner, a PACS, a workstation."
)


def row_values(modality: Modality, link: Link, *, calling: bool) -> dict[str, object]:
    """What the table shows of a modality, by the keys of :data:`COLUMNS`."""
    outcome = link.outcome
    fault = outcome.meaning if outcome and not outcome.ok else ""
    return {
        "name": modality.name,
        "state": CALLING if calling else _state(link),
        "since": _clock(link.since) if link.since else "",
        "beats": sparkline.sparkline(link.beats, SPARKS),
        "ae_title": modality.ae_title,
        "address": f"{modality.host}:{modality.port}",
        "seconds": outcome.seconds if outcome and outcome.ok else None,
        "note": fault or modality.comment,
    }


def modality_words(
    modality: Modality, link: Link, visits: Sequence[Visitor], *, calling: bool, room: int
) -> Content:
    """All that is known of a modality; `room` is how many echoes the history may show."""
    where = f"{modality.name}: {modality.ae_title} at {modality.host}:{modality.port}"
    may = ", ".join(op.value for op in modality.allow) or "nothing"
    lines = [safe_content(where, "bold"), safe_content(f"It may ask of us: {may}")]
    if ways := _ways(modality):
        lines.append(safe_content(ways))
    if modality.comment:
        lines.append(safe_content(modality.comment, "$text-muted"))
    lines += _link_words(link, calling, room)
    for visitor in visits[:2]:
        lines += _visit_words(visitor)
    return Content("\n").join(lines)


def _link_words(link: Link, calling: bool, room: int) -> list[Content]:
    """The last echo, the history, and the fault before it, if it answers now."""
    lines = []
    if calling:
        lines.append(Content.styled("… Calling", "$text-accent"))
    elif link.outcome is None:
        lines.append(Content.styled("○ Not tried yet: e echoes it", "$text-muted"))
    else:
        lines.append(Content.styled(f"C-ECHO {_rhythm(link)}", "$text-muted"))
        lines.append(outcome_lines(link.outcome))
    if len(link.beats) > 1:
        room = max(SPARKS, min(120, room))
        shown = link.beats[-room:]
        line = f"{sparkline.sparkline(shown, room)}  {sparkline.in_words(shown)}"
        lines.append(safe_content(line))
    if link.fault and link.outcome and link.outcome.ok:
        lines.append(safe_content(f"Last fault, at {_clock(link.fault_at)}: {link.fault.meaning}"))
        if link.fault.advice:
            lines.append(safe_content(f"→ {sentence(link.fault.advice)}", "$text-muted"))
    return lines


def _state(link: Link) -> str:
    return WORDS[link.outcome.state] if link.outcome else NOT_TRIED


def _rhythm(link: Link) -> str:
    """When it was echoed last, and when it will be."""
    words = f"at {_clock(link.at)}"
    if link.watched:
        return f"{words}, watched: every {link.interval:g} s"
    if link.interval:
        return f"{words}, every {link.interval:g} s, next at {_clock(link.next_at)}"
    return f"{words}, not by the clock"


def _visit_words(visitor: Visitor) -> list[Content]:
    if visitor.turned_away:
        who = safe_content(f'It called us as "{visitor.calling}" from {visitor.host}:')
        return [who, *refusal_lines(visitor)]
    at = _clock(visitor.accepted_at)
    return [safe_content(f"It called us last at {at}, and was let in", "$text-muted")]


def _clock(at: float) -> str:
    """A time of today; a day for what is longer ago."""
    today = abs(time.time() - at) < 20 * 3600
    return units.clock(at) if today else time.strftime("%d %b", time.localtime(at))


def _ways(modality: Modality) -> str:
    """How we deal with it, where that is not as usual."""
    ways = ["retrieve by C-GET"] if modality.retrieve is Retrieve.GET else []
    if modality.tls:
        ways.append("by TLS" + (f" to {modality.tls_host_name}" if modality.tls_host_name else ""))
    if modality.max_jobs != DEFAULT_JOBS:
        ways.append(f"{modality.max_jobs} transfers at once")
    return f"We call it: {', '.join(ways)}" if ways else ""
