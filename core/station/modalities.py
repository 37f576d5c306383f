"""The modalities a station knows."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from pathlib import Path

from core.errors import UsageError
from core.events import EventBus, ModalitiesChanged
from core.modality_files import reading
from core.model import Candidate, Fate, Modality
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

    def candidates(self, path: Path) -> tuple[Candidate, ...]:
        """What importing the configuration of another program would do; changes nothing.

        See :func:`core.modality_files.reading.candidates`. Raises UsageError.
        """
        current = self._store.current
        return reading.candidates(path, current.modalities, current.station.ae_title)

    def take(self, candidates: Iterable[Candidate], *, replace: bool = False) -> int:
        """Import candidates: those that are new, and with `replace` those that clash.

        Answers with how many; all of them are written, or none. Raises SettingsError.
        """
        fates = (Fate.NEW, Fate.CLASH) if replace else (Fate.NEW,)
        chosen = [c.modality for c in candidates if c.modality and c.fate in fates]
        if chosen:
            self._store.put_modalities(chosen)
            self._events.publish(ModalitiesChanged())
        return len(chosen)

    def remove(self, name: str) -> None:
        """Forget a modality; raises SettingsError where there is none of that name."""
        self._store.remove_modality(name)
        self._events.publish(ModalitiesChanged())
