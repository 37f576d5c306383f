"""The own archive, as far as a screen or a command line may reach into it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from core.model import (
    CheckReport,
    Instance,
    LookupHit,
    Match,
    ProtectedPatient,
    Query,
    Ref,
    Statistics,
)

if TYPE_CHECKING:
    from core.archive.archive import Archive


class Held:
    """What the station holds; the archive is opened, and its folder locked, at the first use."""

    def __init__(self, archive: Callable[[], Archive]) -> None:
        self._archive = archive

    def list(self, query: Query) -> Iterator[Match]:
        """Search the own archive, with the matching of its C-FIND SCP; raises UsageError."""
        return self._archive().match(query)

    def instances(self, ref: Ref) -> tuple[Instance, ...]:
        """The objects held of an entity; empty where there are none."""
        return self._archive().instances(ref)

    def lookup(self, value: str) -> tuple[LookupHit, ...]:
        """Find whatever bears this identifier, exactly: PatientID, AccessionNumber or a UID."""
        return self._archive().lookup(value)

    def delete(self, refs: Sequence[Ref]) -> int:
        """Delete entities and their files; answer with the number of objects removed."""
        return self._archive().delete(refs)

    def statistics(self) -> Statistics:
        """How much is held, by modality too, and how much room there is."""
        return self._archive().statistics()

    def check(self, *, repair: bool = False) -> CheckReport:
        """Hold the index against the files; with `repair`, make it say what they say."""
        return self._archive().check(repair=repair)

    def protect(self, ref: Ref, *, on: bool) -> None:
        """Keep the patient of an entity from being recycled, or no longer.

        Raises NotHeldError; UsageError where a PatientID is that of several patients.
        """
        self._archive().protect(ref, on=on)

    def protected(self) -> tuple[ProtectedPatient, ...]:
        """The patients that recycling leaves alone."""
        return self._archive().protected()
