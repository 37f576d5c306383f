"""Reports on the association that asked for them, in the thread that serves it."""

from __future__ import annotations

import time

from core.events import EventBus, MessageHandled
from core.network import status
from core.network.association import Association, Message, takes_nothing
from core.network.command import Verb
from core.network.commitment.messages import encode_report, report_request
from core.network.commitment.promises import Promise, Promises
from core.network.ports import SettingsSource

QUIET = 1.0
"""Seconds in which the peer says nothing, before it is told: one that has no more to say releases
within that time, and gets the report on a new association."""
_SLICE = 0.05


class Returning:
    """What the provider of one association does about reports that are due on it."""

    def __init__(
        self, association: Association, promises: Promises, store: SettingsSource, events: EventBus
    ) -> None:
        self._association = association
        self._id = association.about.id
        self._promises = promises
        self._store = store
        self._events = events
        self._under_way: Promise | None = None
        self._message_id = 0
        self._sent = 0.0
        association.takes = self.takes

    def while_quiet(self) -> None:
        """Send a report that is due once it is ready; returns as soon as the peer says something.

        Raises LinkError.
        """
        if self._under_way is not None or not self._promises.bound_to(self._id):
            return
        since = self._association.idle_since = time.monotonic()
        while self._promises.bound_to(self._id) and not self._association.readable(_SLICE):
            promise = self._promises.ready_for(self._id)
            if promise is not None and time.monotonic() - since >= QUIET:
                self._send(promise)
                return

    def _send(self, promise: Promise) -> None:
        report, context = promise.kept.report, promise.context
        if report is None or context is None:
            return
        self._under_way = promise
        self._message_id = self._message_id % 0xFFFF + 1
        self._sent = time.monotonic()
        title = self._store.current.station.ae_title.strip()
        data = encode_report(report, context.transfer_syntax, title)
        self._association.send(context, report_request(self._message_id, report), data)

    def takes(self, message: Message) -> bool:
        """Whether a message is the answer to a report that was sent here."""
        promise = self._under_way
        found = message.command
        if (
            promise is None
            or found.verb != Verb.N_EVENT_REPORT_RSP
            or found.responds_to not in (self._message_id, None)
        ):
            return False
        self._association.skip_data(message)
        self._under_way = None
        meaning = status.for_status("N-EVENT-REPORT", found.status)
        self._events.publish(
            MessageHandled(
                association_id=self._id,
                peer=self._association.about.peer,
                operation="N-EVENT-REPORT",
                status=found.status,
                meaning=meaning.text,
                seconds=time.monotonic() - self._sent,
                outgoing=True,
            )
        )
        if found.status == status.SUCCESS:
            self._promises.settled(promise)
        else:
            self._promises.unbind(promise)
        return True

    def over(self) -> None:
        """The association is closed; what it did not carry goes on another."""
        self._association.takes = takes_nothing  # or the two would keep each other in memory
        self._promises.let_go(self._id)
