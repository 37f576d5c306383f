"""The modalities a station knows."""

from __future__ import annotations

import difflib

from core.errors import UsageError
from core.events import EventBus, ModalitiesChanged
from core.model import Modality
from core.settings import modality_warnings
from core.settings_file import SettingsStore


class Modalities:
    """The known peers by name; an edit is written to the configuration and counts at once."""

    def __init__(self, store: SettingsStore, events: EventBus) -> None:
        self._store = store
        self._events = events

    def all(self) -> tuple[Modality, ...]:
        """The known peers, by name."""
        known = self._store.current.modalities
        return tuple(known[name] for name in sorted(known, key=str.casefold))

    def get(self, name: str) -> Modality:
        """Answer with the modality of that name; raises UsageError that names the nearest."""
        known = self._store.current.modalities
        if name in known:
            return known[name]
        near = difflib.get_close_matches(name, known, n=1)
        hint = f'did you mean "{near[0]}"?' if near else "see: modalitty modalities list"
        raise UsageError(f'there is no modality named "{name}"', hint)

    def put(self, modality: Modality, *, replaces: str = "") -> tuple[str, ...]:
        """Add a modality, or edit the one named `replaces`; answer with what is odd about it.

        Raises SettingsError.
        """
        self._store.put_modality(modality, replaces=replaces)
        self._events.publish(ModalitiesChanged())
        return modality_warnings(modality, self.all(), self._store.current.station.ae_title)

    def remove(self, name: str) -> None:
        """Forget a modality; raises SettingsError where there is none of that name."""
        self._store.remove_modality(name)
        self._events.publish(ModalitiesChanged())
