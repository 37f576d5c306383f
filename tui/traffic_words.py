"""What passes, in the words of the traffic log."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable

from textual.content import Content

from core.events import (
    AssociationEnded,
    AssociationOpened,
    AssociationRejected,
    InstanceRefused,
    MessageHandled,
)
from core.model import Association, ProposedContext
from tui import units
from tui.bridge import Traffic
from tui.outcomes import sentence
from tui.safe_text import safe_content

TALLIED = 1000
"""Associations whose messages are counted; those that are over are forgotten at once."""


class Tally:
    """How many messages passed on each live association, and which was the last."""

    def __init__(self) -> None:
        self._of: OrderedDict[int, tuple[int, MessageHandled]] = OrderedDict()

    def take(self, traffic: Iterable[Traffic]) -> None:
        """Count what passed."""
        for event in traffic:
            if isinstance(event, MessageHandled):
                before, _ = self._of.get(event.association_id, (0, None))
                self._of[event.association_id] = (before + 1, event)
            elif isinstance(event, AssociationEnded):
                self._of.pop(event.association.id, None)
        while len(self._of) > TALLIED:
            self._of.popitem(last=False)

    def of(self, association_id: int) -> tuple[int, str]:
        """The number of messages of an association, and its last one in words."""
        messages, last = self._of.get(association_id, (0, None))
        if last is None:
            return 0, ""
        return messages, f"{mark(last.status)} {last.operation} {_clock(last.time)} {last.meaning}"


def log_values(event: Traffic) -> dict[str, object]:
    """An event as a line of the log."""
    values: dict[str, object] = {"time": _clock(event.time)}
    match event:
        case AssociationOpened():
            values |= _of(event.association, f"▶ {way(event.association)} open")
            values["meaning"] = f"{who(event.association)}, {_contexts_in_short(event.contexts)}"
        case AssociationEnded():
            values |= _of(event.association, "– closed")
            values["meaning"] = event.reason
        case AssociationRejected():
            values |= {"peer": event.called if event.outgoing else event.calling}
            values["what"] = "✖ not open" if event.outgoing else "✖ rejected"
            values["meaning"] = _rejection(event)
        case InstanceRefused():
            values |= {"peer": event.source, "what": "✖ refused"}
            values["meaning"] = f"0x{event.status:04X} {event.reason} {event.sop_instance_uid}"
        case MessageHandled():
            values |= {"id": f"#{event.association_id}", "peer": event.peer}
            values["seconds"] = event.seconds
            arrow = "→" if event.outgoing else "←"
            values["what"] = f"{mark(event.status)} {event.operation} {arrow}"
            values["meaning"] = f"0x{event.status:04X} {event.meaning}"
    return values


def words(event: Traffic) -> Content:
    """An event in full: what passed, what was proposed and accepted, and what to do about it."""
    values = log_values(event)
    took = f"  took {units.duration(event.seconds)}" if isinstance(event, MessageHandled) else ""
    lines = [
        safe_content(f"{values['time']}  {values['what']}  {values['peer']}{took}", "bold"),
        safe_content(sentence(str(values["meaning"]))),
    ]
    if isinstance(event, AssociationRejected | MessageHandled) and event.advice:
        lines.append(safe_content(f"→ {sentence(event.advice)}", "bold"))
    if isinstance(event, AssociationRejected) and not event.outgoing:
        lines.append(safe_content("u shows who called, and what to do about it", "$text-muted"))
    if isinstance(event, AssociationOpened):
        about = event.association
        secured = f", {about.tls}" if about.tls else ", without TLS"
        lines.append(safe_content(f"At {about.address}{secured}"))
        lines += [context_line(context) for context in event.contexts]
    return Content("\n").join(lines)


def context_line(context: ProposedContext) -> Content:
    """A presentation context: what was accepted of what was proposed, or why it was refused."""
    offered = ", ".join(context.offered)
    if not context.accepted:
        text = f"✖ {context.id} {context.sop_class}: {context.why}; offered {offered}"
        return safe_content(text, "$text-error")
    others = f" of {offered}" if len(context.offered) > 1 else ""
    text = f"● {context.id} {context.sop_class}: {context.accepted}{others}"
    return safe_content(text)


def mark(status: int) -> str:
    """How a DIMSE status is to be taken at a glance (PS3.7 annex C)."""
    if status in (0x0000, 0xFF00, 0xFF01):
        return "●"
    return "!" if status in (0x0001, 0xFE00) or 0xB000 <= status <= 0xBFFF else "✖"


def way(association: Association) -> str:
    """Whether it came in or went out."""
    return "→ out" if association.outgoing else "← in"


def who(association: Association) -> str:
    """Who calls whom, by AE titles."""
    calling = association.calling.strip() or association.peer
    return f"{calling} → {association.called.strip() or association.peer}"


def _of(association: Association, what: str) -> dict[str, object]:
    return {"id": f"#{association.id}", "peer": association.peer, "what": what}


def _contexts_in_short(contexts: tuple[ProposedContext, ...]) -> str:
    accepted = [context for context in contexts if context.accepted]
    refused = len(contexts) - len(accepted)
    first = contexts[0].sop_class if len(contexts) == 1 else f"{len(contexts)} contexts"
    return f"{first}, {refused} refused" if refused else first


def _rejection(event: AssociationRejected) -> str:
    if event.outgoing:
        return f"{event.address}: {event.reason}"
    told = event.called and not event.reason.startswith("called ")
    called = f" called {event.called}" if told else ""
    return f"{event.address}{called}: {event.reason}"


def _clock(at: float) -> str:
    return units.clock(at)
