"""The journal: nothing acknowledged is lost, whatever is done to the file."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from tinydb import Query

from core.archive import journal as journal_module
from core.archive.journal import Journal
from core.archive.journal_lines import HEADER
from core.archive.records import AnyLine, Change, Own, encode_changes
from core.archive.tables import JournalDB, JournalStorage
from core.errors import ArchiveError, OutOfResourcesError
from tests.peers.processes import descriptors


def load(folder: Path) -> tuple[Journal, list[Change]]:
    changes: list[Change] = []
    journal = Journal(folder)

    def take(lines: Sequence[AnyLine]) -> None:
        changes.extend((line.table, line.key, line.document) for line in lines)

    journal.loaded = journal.load(take)  # type: ignore[attr-defined]
    return journal, changes


def filled(folder: Path, count: int = 5) -> bytes:
    journal, _ = load(folder)
    for number in range(count):
        journal.append(encode_changes([("t", str(number), {"name": f"Grün {number}"})]), 1)
    journal.sync(journal.end)
    journal.close()
    return (folder / "journal").read_bytes()


def test_a_line_torn_at_any_byte_costs_that_line_only(tmp_path: Path) -> None:
    whole = filled(tmp_path)
    start = whole[:-1].rfind(b"\n") + 1
    for cut in range(start, len(whole)):
        (tmp_path / "journal").write_bytes(whole[:cut])
        journal, changes = load(tmp_path)
        assert [key for _, key, _ in changes] == ["0", "1", "2", "3"], cut
        assert not journal.loaded.whole, "a cut journal must be known as such"  # type: ignore[attr-defined]
        position = journal.append(encode_changes([("t", "new", {})]), 1)
        journal.sync(position)
        journal.close()
        _, again = load(tmp_path)
        assert [key for _, key, _ in again] == ["0", "1", "2", "3", "new"], cut


@pytest.mark.parametrize(
    "garbage", [b"\0" * 100, b"\xff\xfe\n", b'["t","5",{}', b"[1,2,3]\n", b'{"a":1}\n\n\n']
)
def test_garbage_at_the_end_is_cut_off(tmp_path: Path, garbage: bytes) -> None:
    whole = filled(tmp_path)
    (tmp_path / "journal").write_bytes(whole + garbage)
    journal, changes = load(tmp_path)
    journal.close()
    assert len(changes) == 5
    assert journal.loaded.damaged  # type: ignore[attr-defined]
    assert (tmp_path / "journal").read_bytes() == whole


def test_garbage_in_the_middle_costs_its_lines_only(tmp_path: Path) -> None:
    lines = filled(tmp_path).splitlines(keepends=True)
    lines[2] = b"\0" * len(lines[2])
    (tmp_path / "journal").write_bytes(b"".join(lines))
    journal, changes = load(tmp_path)
    journal.close()
    assert [key for _, key, _ in changes] == ["0", "3", "4"] or len(changes) == 4
    assert journal.loaded.damaged  # type: ignore[attr-defined]


def test_a_journal_cut_between_lines_is_noticed(tmp_path: Path) -> None:
    lines = filled(tmp_path).splitlines(keepends=True)
    (tmp_path / "journal").write_bytes(b"".join(lines[:-2]))
    journal, changes = load(tmp_path)
    journal.close()
    assert len(changes) == 3
    assert journal.loaded.cut  # type: ignore[attr-defined]
    journal, _ = load(tmp_path)
    journal.close()
    assert journal.loaded.whole, "once mended it is whole"  # type: ignore[attr-defined]


def test_a_journal_is_cut_until_what_it_lost_is_found_again(tmp_path: Path) -> None:
    lines = filled(tmp_path).splitlines(keepends=True)
    (tmp_path / "journal").write_bytes(b"".join(lines[:-2]))
    for number in ("5", "6"):
        storage = JournalStorage(tmp_path, mends=True)
        assert storage.loaded.cut, "nobody has found again what it lost"
        storage.sync(storage.apply([("t", number, {})]))
        storage.close()
    storage = JournalStorage(tmp_path, mends=True)
    storage.journal.mended()
    again = JournalStorage(tmp_path, read_only=True)
    assert again.loaded.whole
    assert len(again.tables["t"]) == 5
    storage.close()


def test_a_short_write_is_taken_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal, _ = load(tmp_path)
    journal.append(encode_changes([("t", "1", {})]), 1)
    real = os.write
    left = [7]

    def stingy(fd: int, data: bytes) -> int:
        if not left[0]:
            raise OSError(errno.ENOSPC, "No space left on device")
        done = real(fd, bytes(data)[: left[0]])
        left[0] -= done
        return done

    monkeypatch.setattr(journal_module.os, "write", stingy)
    with pytest.raises(OutOfResourcesError):
        journal.append(encode_changes([("t", "2", {"long": "x" * 50})]), 1)
    monkeypatch.undo()
    journal.sync(journal.append(encode_changes([("t", "3", {})]), 1))
    journal.close()
    _, changes = load(tmp_path)
    assert [key for _, key, _ in changes] == ["1", "3"]


def test_after_a_failed_sync_nothing_is_acknowledged_until_rewritten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage = JournalStorage(tmp_path)
    storage.sync(storage.apply([("t", "1", {})]))

    def broken(fd: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(journal_module.os, "fdatasync", broken)
    position = storage.apply([("t", "2", {})])
    with pytest.raises(ArchiveError):
        storage.sync(position)
    monkeypatch.undo()
    with pytest.raises(ArchiveError):
        storage.sync(position)
    storage.sync(storage.apply([("t", "3", {})]))
    storage.close()
    assert set(JournalStorage(tmp_path).tables["t"]) == {"1", "2", "3"}


def test_whatever_ends_a_sync_nobody_waits_for_it_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who led it hears of it, who waited hears that nothing is durable, and a rewriting helps."""
    storage = JournalStorage(tmp_path)
    others, told = list[threading.Thread](), list[ArchiveError]()
    position = storage.apply([("t", "1", {})])

    def wait_for_it() -> None:
        try:
            storage.sync(position)
        except ArchiveError as error:
            told.append(error)

    def out_of_memory(fd: int) -> None:
        # Whoever leads has let go of the state, so that others come to wait.
        others.extend(threading.Thread(target=wait_for_it, daemon=True) for _ in range(2))
        for thread in others:
            thread.start()
        raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr(journal_module.os, "fdatasync", out_of_memory)
        with pytest.raises(MemoryError):
            storage.sync(position)
    for thread in others:
        thread.join(10)
        assert not thread.is_alive(), "it waits for a sync that is over"
    assert len(told) == 2
    storage.sync(storage.apply([("t", "2", {})]))
    storage.close()
    assert set(JournalStorage(tmp_path).tables["t"]) == {"1", "2"}


def test_a_rewriting_that_ends_in_whatever_way_leaves_nothing_open(tmp_path: Path) -> None:
    storage = JournalStorage(tmp_path)
    storage.apply([("t", "1", {})])
    before = descriptors()

    def out_of_memory() -> Iterator[Change]:
        yield from storage._current()
        raise MemoryError

    with pytest.raises(MemoryError):
        storage.journal.rewrite(out_of_memory)
    assert descriptors() == before
    assert not (tmp_path / "journal.new").exists()
    storage.compact()
    storage.sync(storage.apply([("t", "2", {})]))
    storage.close()
    assert set(JournalStorage(tmp_path).tables["t"]) == {"1", "2"}


def test_a_journal_that_cannot_be_synced_is_not_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the kernel tells of it once, to whoever asks first."""
    whole, told = filled(tmp_path), list[int]()
    real = os.fsync

    def broken(fd: int) -> None:
        if not told:
            told.append(fd)
            raise OSError(errno.EIO, "Input/output error")
        real(fd)

    monkeypatch.setattr(journal_module.os, "fsync", broken)
    with pytest.raises(ArchiveError, match="cannot open the index"):
        load(tmp_path)
    monkeypatch.undo()
    assert load(tmp_path)[0].lines == 5
    assert (tmp_path / "journal").read_bytes() == whole


def test_waiting_threads_share_a_sync(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal, _ = load(tmp_path)
    real = os.fdatasync
    syncs: list[int] = []
    first, go = threading.Event(), threading.Event()

    def slow(fd: int) -> None:
        syncs.append(fd)
        if len(syncs) == 1:
            first.set()
            assert go.wait(10)
        real(fd)

    monkeypatch.setattr(journal_module.os, "fdatasync", slow)

    def commit(number: int) -> None:
        journal.sync(journal.append(encode_changes([("t", str(number), {})]), 1))

    threads = [threading.Thread(target=commit, args=(n,)) for n in range(10)]
    threads[0].start()
    assert first.wait(10)
    for thread in threads[1:]:
        thread.start()
    appended = threading.Event()
    while journal.lines < 10:
        appended.wait(0.001)
    go.set()
    for thread in threads:
        thread.join(10)
    assert len(syncs) == 2
    journal.close()
    assert len(load(tmp_path)[1]) == 10


def test_rewriting_keeps_what_is_appended_meanwhile(tmp_path: Path) -> None:
    storage = JournalStorage(tmp_path)
    for number in range(50):
        storage.apply([("t", str(number % 5), {"n": number})])
    before = (tmp_path / "journal").stat().st_size
    current = storage._current

    def with_others_writing():  # type: ignore[no-untyped-def]
        snapshot = list(current())
        storage.apply([("t", "late", {}), ("t", "0", None)])
        yield from snapshot

    storage.journal.rewrite(with_others_writing)
    storage.sync(storage.apply([("t", "later", {})]))
    expected = dict(storage.tables["t"])
    storage.close()
    again = JournalStorage(tmp_path)
    assert again.tables["t"] == expected
    assert set(expected) == {"1", "2", "3", "4", "late", "later"}
    assert (tmp_path / "journal").stat().st_size < before
    assert again.loaded.whole
    again.close()


def test_a_foreign_file_is_no_journal(tmp_path: Path) -> None:
    (tmp_path / "journal").write_text('{"_default": {}}\n')
    journal, changes = load(tmp_path)
    journal.close()
    assert journal.loaded.missing  # type: ignore[attr-defined]
    assert not changes
    assert (tmp_path / "journal").read_bytes() == HEADER


def test_read_only_leaves_a_torn_file_as_it_is(tmp_path: Path) -> None:
    whole = filled(tmp_path)
    (tmp_path / "journal").write_bytes(whole[:-3])
    storage = JournalStorage(tmp_path, read_only=True)
    assert len(storage.tables["t"]) == 4
    assert (tmp_path / "journal").read_bytes() == whole[:-3]
    with pytest.raises(ArchiveError):
        storage.apply([("t", "x", {})])


def test_what_comes_while_a_reader_reads_is_no_damage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer, _ = load(tmp_path)
    real = journal_module.read_lines

    def more_comes(*args: Any) -> int:
        end = real(*args)
        writer.sync(writer.append(encode_changes([("t", "late", {})]), 1))
        return end

    monkeypatch.setattr(journal_module, "read_lines", more_comes)
    reader = Journal(tmp_path, read_only=True)
    assert reader.load(lambda _: None).whole
    writer.close()


def test_tinydb_reads_writes_and_queries(tmp_path: Path) -> None:
    with JournalDB(tmp_path) as db:
        table = db.table("people")
        first = table.insert({"name": "Ann", "age": 30})
        table.insert_multiple([{"name": "Bob", "age": 40}, {"name": "Cyd", "age": 50}])
        person = Query()
        assert [d["name"] for d in table.search(person.age > 35)] == ["Bob", "Cyd"]
        table.update({"age": 31}, person.name == "Ann")
        assert table.get(doc_id=first) == {"name": "Ann", "age": 31}
        table.remove(person.name == "Bob")
        table.update(lambda doc: doc.update(old=True), person.age >= 50)
        with pytest.raises(ZeroDivisionError):
            table.update(lambda doc: doc.update(age=1 / 0))
        expected = {d["name"]: dict(d) for d in table}
    assert (tmp_path / "journal").read_bytes().count(b"\n") == 1 + 3 + 1 + 1 + 1
    with JournalDB(tmp_path) as db:
        assert {d["name"]: dict(d) for d in db.table("people")} == expected
        assert expected["Cyd"] == {"name": "Cyd", "age": 50, "old": True}
        db.drop_table("people")
    with JournalDB(tmp_path) as db:
        assert db.table("people").all() == []


def test_instances_stand_in_the_order_of_their_last_change(tmp_path: Path) -> None:
    storage = JournalStorage(tmp_path)
    for key, size in (("a", 1), ("b", 2), ("c", 3), ("a", 4)):
        storage.apply([("instances", key, Own(1, 2, size, ""))])
    storage.apply([("instances", "b", None)])
    storage.apply([("instances", "d", {"s": 1, "c": 2, "z": 5, "v": ""})])
    expected = {"c": Own(1, 2, 3, ""), "a": Own(1, 2, 4, ""), "d": Own(1, 2, 5, "")}
    assert list(storage.tables["instances"].items()) == list(expected.items())
    storage.close()
    again = JournalStorage(tmp_path)
    assert list(again.tables["instances"].items()) == list(expected.items())
    again.compact()
    again.close()
    last = JournalStorage(tmp_path)
    assert list(last.tables["instances"].items()) == list(expected.items())
    assert last.journal.lines == 3
    last.close()


def test_a_rewriting_takes_nothing_from_a_file_that_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage = JournalStorage(tmp_path)
    storage.sync(storage.apply([("t", "1", {})]))

    def broken(fd: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    def while_the_disk_fails() -> Iterator[Change]:
        position = storage.apply([("t", "2", {})])
        with monkeypatch.context() as patch:
            patch.setattr(journal_module.os, "fdatasync", broken)
            with pytest.raises(ArchiveError):
                storage.sync(position)
        yield from storage._current()

    with pytest.raises(ArchiveError):
        storage.journal.rewrite(while_the_disk_fails)
    assert not (tmp_path / "journal.new").exists()
    # The next change has everything written anew from memory.
    storage.sync(storage.apply([("t", "3", {})]))
    storage.close()
    assert set(JournalStorage(tmp_path).tables["t"]) == {"1", "2", "3"}
