"""The live associations of one listener or caller: seen, and ended, from any thread."""

from __future__ import annotations

import threading

from core import model
from core.network.association import Association


class Registry:
    """Associations by id; safe to use from any thread."""

    def __init__(self) -> None:
        self._live: dict[int, Association] = {}
        self._lock = threading.Lock()

    def add(self, association: Association) -> None:
        """Remember a live association."""
        with self._lock:
            self._live[association.about.id] = association

    def remove(self, association: Association) -> None:
        """Forget one that is over."""
        with self._lock:
            self._live.pop(association.about.id, None)

    def all(self) -> tuple[Association, ...]:
        """The live associations, oldest first."""
        with self._lock:
            return tuple(self._live.values())

    def about(self) -> tuple[model.Association, ...]:
        """The live associations as values, oldest first."""
        return tuple(association.about for association in self.all())

    def end(self, association_id: int, why: str) -> bool:
        """Abort one association; False where there is none by that id."""
        with self._lock:
            association = self._live.get(association_id)
        if association is not None:
            association.end(why)
        return association is not None

    def end_all(self, why: str) -> None:
        """Abort every association."""
        for association in self.all():
            association.end(why)
