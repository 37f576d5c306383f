"""TinyDB on a journal: a storage that appends changes, and tables that record them.

Stock TinyDB writes the whole database at every change. Here `read` gives the live tables, and a
table's update is turned into the documents it set and removed, which become journal lines.
"""

from __future__ import annotations

import contextlib
import gc
import threading
import time
from collections.abc import Callable, Iterator, Mapping, MutableMapping, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

from tinydb import TinyDB
from tinydb.storages import Storage
from tinydb.table import Table

from core.archive.journal import Journal
from core.archive.records import (
    INSTANCES,
    AnyLine,
    Change,
    Document,
    OwnLine,
    Record,
    as_document,
    as_record,
    encode_changes,
)

Tables = dict[str, dict[str, Any]]
"""Table → document id → record: `Own` in the table of instances, dicts in all others."""

_COMPACT_ABOVE = 20_000
_AT_ONCE = 100
"""Documents that a compaction hands on before it lets others have the interpreter."""
_REST = 0.0005  # seconds


@contextlib.contextmanager
def no_garbage_collection() -> Iterator[None]:
    """Nothing that is loaded is garbage: to look for it takes longer than the loading."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


class JournalStorage(Storage):
    """The tables in memory and the journal on disk; every change goes to both, or to neither.

    Documents are replaced, never changed in place, so that whoever holds one may read on.
    """

    def __init__(
        self,
        folder: Path,
        *,
        read_only: bool = False,
        mends: bool = False,
        meanwhile: Callable[[], None] = lambda: None,
    ) -> None:
        """Load the journal; `meanwhile` is called again and again, and may raise to end that."""
        self._meanwhile = meanwhile
        self.tables: Tables = {}
        self.journal = Journal(folder, read_only=read_only, mends=mends)
        self.lock = threading.RLock()
        with no_garbage_collection():
            self.loaded = self.journal.load(self._take_loaded)

    def read(self) -> dict[str, Any]:
        """The live tables: not to be changed but by `apply`."""
        # TinyDB drops a table from what it reads, then writes it: the outer mapping is a copy.
        tables: dict[str, Any] = dict(self.tables)
        if INSTANCES in tables:
            tables[INSTANCES] = _Documents(tables[INSTANCES])
        return tables

    def write(self, data: Mapping[str, Mapping[Any, Mapping[str, Any]]]) -> None:
        """Set the whole database, as TinyDB does when it drops a table."""
        new = {
            name: {str(key): as_record(name, dict(document)) for key, document in table.items()}
            for name, table in data.items()
        }
        with self.lock:
            changes: list[Change] = [
                (name, key, None)
                for name, table in self.tables.items()
                for key in table
                if key not in new.get(name, {})
            ]
            changes += [
                (name, key, document)
                for name, table in new.items()
                for key, document in table.items()
                if self.tables.get(name, {}).get(key) != document
            ]
            position = self.apply(changes)
        self.sync(position)

    def apply(self, changes: list[Change]) -> int:
        """Journal some changes, then make them; returns the position to hand to `sync`.

        Raises OutOfResourcesError, and then nothing has changed.
        """
        with self.lock:
            if self.journal.suspect:
                self.journal.rewrite(self._current)
            shaped = [(name, key, as_record(name, document)) for name, key, document in changes]
            position = self.journal.append(encode_changes(shaped), len(shaped))
            for name, key, record in shaped:
                self._take(name, key, record)
            return position

    def forget(self) -> None:
        """Let go of what was loaded, where it is no index, and count it as damaged."""
        self.tables.clear()
        self.loaded.damaged += 1
        self.loaded.torn = False

    def sync(self, position: int) -> None:
        """Return when the changes up to `position` are durable."""
        self.journal.sync(position)

    def close(self) -> None:
        """Let the journal go."""
        self.journal.close()

    @property
    def wasteful(self) -> bool:
        """True where most of the journal is overruled by later lines."""
        live = sum(map(len, self.tables.values()))
        return self.journal.lines > 2 * live + _COMPACT_ABOVE

    def compact(self) -> None:
        """Write the journal anew with the current documents only; others go on meanwhile."""
        self.journal.rewrite(self._without_haste)

    def _without_haste(self) -> Iterator[Change]:
        """What is current, with a rest now and then.

        A thread that waits for the interpreter gets it at once from one that sleeps, but only
        after 5 ms from one that is busy.
        """
        for number, change in enumerate(self._current()):
            if not number % _AT_ONCE:
                time.sleep(_REST)
            yield change

    def _current(self) -> Iterator[Change]:
        """Every document that there is at the time when it is given.

        One that comes or changes later has a line of its own behind those of the compaction.
        """
        with self.lock:
            tables = [(name, table, list(table)) for name, table in self.tables.items()]
        for name, table, keys in tables:
            for key in keys:
                document = table.get(key)
                if document is not None:
                    yield name, key, document

    def _take_loaded(self, lines: Sequence[AnyLine]) -> None:
        self._meanwhile()
        owns = [line for line in lines if type(line) is OwnLine]
        if len(owns) < len(lines):
            for line in lines:
                if type(line) is not OwnLine:
                    self._take(line.table, line.key, line.document)
        instances = self.tables.get(INSTANCES)
        if instances is None:
            instances = self.tables[INSTANCES] = _for_many()
        expected = len(instances) + len(owns)
        records = [line.document for line in owns]
        if all(records):
            instances.update(zip([line.key for line in owns], records, strict=True))
        if len(instances) < expected:
            # Something was removed, or replaced, and then it stands where it was.
            for line in owns:
                self._take(INSTANCES, line.key, line.document)

    def _take(self, name: str, key: str, record: Record | None) -> None:
        table = self.tables.get(name)
        if table is None:
            table = self.tables[name] = {}
        table.pop(key, None)
        if record is not None:
            # At the end, also where it replaces one: tables stand in the order of their changes.
            table[key] = record


def _for_many() -> dict[str, Any]:
    """An empty dictionary that takes a million keys in three quarters of the usual time.

    Once a key was no text, CPython keeps hashes in the dictionary and need not fetch them from
    the keys, which lie anywhere in memory.
    """
    table: dict[Any, Any] = {None: None}
    del table[None]
    return table


class _Documents(Mapping[str, Document]):
    """The records of a table as dicts, each made when it is looked at."""

    def __init__(self, records: Mapping[str, Record]) -> None:
        self._records = records

    def __getitem__(self, key: str) -> Document:
        return as_document(self._records[key])

    def __iter__(self) -> Iterator[str]:
        return iter(self._records)

    def __len__(self) -> int:
        return len(self._records)


class JournalTable(Table):
    """A TinyDB table whose changes are journaled one by one; document ids are text."""

    document_id_class = str  # type: ignore[assignment]
    # TinyDB forgets its cache at writes through the same table only; the index writes beside it.
    default_query_cache_capacity = 0

    def __init__(self, storage: Storage, name: str, cache_size: int = 0, **options: Any) -> None:
        super().__init__(storage, name, cache_size=cache_size, **options)
        self._next_number: int | None = None

    def _get_next_id(self) -> str:
        if self._next_number is None:
            numbers = (int(key) for key in self._read_table() if key.isdecimal())
            self._next_number = max(numbers, default=0) + 1
        self._next_number += 1
        return str(self._next_number - 1)

    def _update_table(self, updater: Callable[[Any], None]) -> None:
        storage = self._storage
        if not isinstance(storage, JournalStorage):
            raise TypeError("a JournalTable needs a JournalStorage")
        with storage.lock:
            recorder = Recorder(storage.read().get(self.name, {}))
            updater(recorder)
            changes = recorder.changes(self.name)
            position = storage.apply(changes) if changes else 0
        storage.sync(position)
        self.clear_cache()


class JournalDB(TinyDB):
    """TinyDB over a :class:`JournalStorage`."""

    table_class = JournalTable  # type: ignore[assignment]
    default_storage_class = JournalStorage  # type: ignore[assignment]


class Recorder(MutableMapping[Any, Document]):
    """A view of a table that notes what is set, removed or changed in place."""

    def __init__(self, table: Mapping[str, Document]) -> None:
        self._table = table
        self._set: dict[str, Document] = {}
        self._lent: dict[str, Document] = {}
        self._removed: set[str] = set()

    def changes(self, name: str) -> list[Change]:
        """The changes that were noted, for the table of that name."""
        changed = {
            key: document
            for key, document in self._lent.items()
            if key not in self._removed and document != self._table.get(key)
        }
        changes: list[Change] = [(name, key, None) for key in self._removed if key in self._table]
        changes += [(name, key, document) for key, document in {**changed, **self._set}.items()]
        return changes

    def __getitem__(self, key: Any) -> Document:
        key = str(key)
        if key in self._removed:
            raise KeyError(key)
        if key in self._set:
            return self._set[key]
        if key not in self._lent:
            self._lent[key] = deepcopy(self._table[key])
        return self._lent[key]

    def __setitem__(self, key: Any, document: Mapping[str, Any]) -> None:
        self._set[str(key)] = dict(document)
        self._removed.discard(str(key))

    def __delitem__(self, key: Any) -> None:
        key = str(key)
        if key not in self:
            raise KeyError(key)
        self._set.pop(key, None)
        self._removed.add(key)

    def __contains__(self, key: object) -> bool:
        key = str(key)
        return key not in self._removed and (key in self._set or key in self._table)

    def __iter__(self) -> Iterator[str]:
        yield from [key for key in self._table if key not in self._removed]
        yield from [key for key in self._set if key not in self._table]

    def __len__(self) -> int:
        return sum(1 for _ in self)
