"""Objects that come in because we asked for them, told from all others.

They bear our AE title and our Message ID as Move Originator (PS3.7 9.1.1.1). Where a peer leaves
these out, who sent it and what was asked for decide.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator

from core.events import Event, EventBus, InstanceStored
from core.model import Instance, Modality, Ref
from core.network.message_ids import next_message_id


class Arrivals:
    """Watches what one C-MOVE brings; `seen` are its SOP Instance UIDs."""

    def __init__(
        self, peer: Modality, ref: Ref, own_ae_title: str, on_arrival: Callable[[Instance], None]
    ) -> None:
        self.message_id = next_message_id()
        self.seen: set[str] = set()
        self._peer = peer
        self._ref = ref
        self._own_ae_title = own_ae_title
        self._on_arrival = on_arrival
        self._told = 0
        self._changed = threading.Condition()

    @contextlib.contextmanager
    def watched(self, events: EventBus) -> Iterator[None]:
        """Listen to `events` for the time of the context."""
        unsubscribe = events.subscribe(self._on_event)
        try:
            yield
        finally:
            unsubscribe()

    def came_since_asked(self) -> bool:
        """Say whether objects arrived since this was last asked: a silent peer may be at work."""
        with self._changed:
            came, self._told = len(self.seen) > self._told, len(self.seen)
            return came

    def wait_for(self, count: int, seconds: float) -> None:
        """Wait until `count` objects are here, or time is up."""
        with self._changed:
            self._changed.wait_for(lambda: len(self.seen) >= count, seconds)

    def _on_event(self, event: Event) -> None:
        if not isinstance(event, InstanceStored) or not self._is_ours(event):
            return
        instance = event.stored.instance
        with self._changed:
            self.seen.add(instance.sop_instance_uid)
            self._changed.notify_all()
        self._on_arrival(instance)

    def _is_ours(self, event: InstanceStored) -> bool:
        if event.originator_id is not None:
            ours = event.originator_ae.strip() == self._own_ae_title
            return ours and event.originator_id == self.message_id
        ref, instance = self._ref, event.stored.instance
        asked = (
            (ref.study_uid, instance.study_uid),
            (ref.series_uid, instance.series_uid),
            (ref.sop_instance_uid, instance.sop_instance_uid),
        )
        named = [have in want.split("\\") for want, have in asked if want]
        from_peer = event.source.strip() == self._peer.ae_title.strip()
        return from_peer and bool(named) and all(named)
