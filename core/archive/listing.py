"""A dictionary of what bears a value: mostly one entity, which then needs no container."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from typing import Generic, Protocol, TypeVar


class _Numbered(Protocol):
    @property
    def id(self) -> int: ...


KeyT = TypeVar("KeyT", bound=Hashable)
EntryT = TypeVar("EntryT", bound=_Numbered)


class Listing(Generic[KeyT, EntryT]):
    """Value → the entities that bear it, in the order in which they were added."""

    __slots__ = ("_entries",)

    def __init__(self) -> None:
        self._entries: dict[KeyT, EntryT | dict[int, EntryT]] = {}

    def add(self, value: KeyT, entry: EntryT) -> None:
        """List an entity under a value; it may be there already."""
        there = self._entries.setdefault(value, entry)
        if there is entry:
            return
        if isinstance(there, dict):
            there[entry.id] = entry
        else:
            self._entries[value] = {there.id: there, entry.id: entry}

    def fill(self, values: Sequence[KeyT], entries: Sequence[EntryT]) -> None:
        """List many at once, each entity under the value of its place, where nothing is yet."""
        there = self._entries
        there.update(zip(values, entries, strict=True))
        if len(there) < len(entries):
            there.clear()
            put = there.setdefault
            for value, entry in zip(values, entries, strict=True):
                if put(value, entry) is not entry:
                    self.add(value, entry)

    def discard(self, value: KeyT, entry: EntryT) -> None:
        """List an entity no longer under a value."""
        there = self._entries.get(value)
        if isinstance(there, dict):
            there.pop(entry.id, None)
        if there is entry or there == {}:
            del self._entries[value]

    def get(self, value: KeyT) -> list[EntryT]:
        """The entities that bear a value."""
        there = self._entries.get(value)
        if there is None:
            return []
        return list(there.values()) if isinstance(there, dict) else [there]

    def of(self, values: Iterable[KeyT]) -> list[EntryT]:
        """The entities that bear any of some values."""
        return [entry for value in dict.fromkeys(values) for entry in self.get(value)]

    def __iter__(self) -> Iterator[KeyT]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)
