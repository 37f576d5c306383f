"""The log of small objects: what is in it survives the loss of all that was not synced."""

from __future__ import annotations

import errno
import os
import shutil
import threading
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from core.archive import arrival_log, arrival_pair, arrivals, late
from core.archive.archive import Archive
from core.archive.arrival_log import PAGE, LogFile
from core.archive.files import ObjectFiles
from core.archive.parcel import Parcel
from core.errors import ArchiveError
from core.events import Notice
from core.model import Level, Query, Ref
from core.settings import ArchiveSettings, Duplicates
from tests.core.archive.objects import Opener, begin, encode, held, make, make_large, store
from tests.peers.processes import eventually


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The log is not emptied while a test looks at it."""
    monkeypatch.setattr(arrivals, "_QUIET", 1000.0)


def logs(opener: Opener) -> list[Path]:
    return [opener.folder / "index/arrivals-0", opener.folder / "index/arrivals-1"]


class PowerCut:
    """What a power cut leaves: of the log everything, of the rest what there was `before`."""

    def __init__(self, opener: Opener) -> None:
        self._folder = opener.folder
        self._logs = logs(opener)
        self._before = opener.folder.with_name("before")
        shutil.copytree(opener.folder, self._before)

    def now(self) -> None:
        """Remember the log as it is."""
        self._kept = [path.read_bytes() for path in self._logs]

    def keep(self, contents: Iterable[bytes]) -> None:
        """Remember something else as the log."""
        self._kept = list(contents)

    def happens(self, *, lose: int = 0) -> None:
        """After the archive was closed; `lose` bytes at the end of the log too."""
        shutil.rmtree(self._folder)
        shutil.copytree(self._before, self._folder)
        for path, data in zip(self._logs, self._kept, strict=True):
            # Zeros were written ahead of what is to come.
            path.write_bytes(data[: len(data.rstrip(b"\0")) - lose] if lose else data)


@pytest.fixture
def power(opener: Opener) -> PowerCut:
    with opener() as archive:
        store(archive, make("1.1"))
    return PowerCut(opener)


def uids(archive: Archive) -> set[str]:
    return {match.values["SOPInstanceUID"] for match in archive.match(Query(level=Level.IMAGE))}


def data_of(archive: Archive, uid: str) -> bytes:
    return Path(archive.instance(uid).path).read_bytes()


def test_what_was_acknowledged_outlives_a_power_cut(opener: Opener, power: PowerCut) -> None:
    with opener() as archive:
        for number in range(5):
            store(archive, make(f"2.{number}", StudyInstanceUID=f"3.{number % 2}"))
        expected = held(archive)
        power.now()
    power.happens()
    with opener() as archive:
        assert held(archive) == expected
        assert archive.check(repair=False).clean
        for number in range(5):
            ds = make(f"2.{number}", StudyInstanceUID=f"3.{number % 2}")
            assert data_of(archive, f"2.{number}").endswith(encode(ds))
        assert [path.stat().st_size for path in logs(opener)] == [0, 0]
    assert "5 objects" in opener.told(Notice)[0].text


def test_a_torn_record_was_not_acknowledged_and_hurts_no_other(
    opener: Opener, power: PowerCut
) -> None:
    with opener() as archive:
        store(archive, make("2.1"))
        store(archive, make("2.2"))
        power.now()
    power.happens(lose=7)
    with opener() as archive:
        assert archive.statistics().instances == 2
        assert data_of(archive, "2.1").endswith(encode(make("2.1")))
        assert archive.check(repair=False).clean


class Cache:
    """A disk with a cache: a write that is synced by itself goes past it, and takes no other along.

    So are such writes in a file that has its room already, on a disk that knows them (FUA).
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._cached: dict[str, list[tuple[int, bytes]]] = {}
        self.durable: dict[str, bytearray] = {}
        write, write_synced, sync = os.pwrite, os.pwritev, os.fdatasync

        def pwrite(fd: int, data: memoryview, at: int) -> int:
            self._cached.setdefault(_name(fd), []).append((at, bytes(data)))
            return write(fd, data, at)

        def pwritev(fd: int, data: list[memoryview], at: int, flags: int) -> int:
            self._keep(_name(fd), at, bytes(data[0]))
            return write_synced(fd, data, at, flags)

        def fdatasync(fd: int) -> None:
            for at, data in self._cached.pop(_name(fd), ()):
                self._keep(_name(fd), at, data)
            sync(fd)

        monkeypatch.setattr(os, "pwrite", pwrite)
        monkeypatch.setattr(os, "pwritev", pwritev)
        monkeypatch.setattr(os, "fdatasync", fdatasync)

    def _keep(self, name: str, at: int, data: bytes) -> None:
        file = self.durable.setdefault(name, bytearray())
        file.extend(bytes(max(0, at + len(data) - len(file))))
        file[at : at + len(data)] = data


def _name(fd: int) -> str:
    return Path(f"/proc/self/fd/{fd}").readlink().name


def test_records_outlive_a_power_cut_with_the_epoch_that_makes_them_some(
    opener: Opener, power: PowerCut, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opener() as archive:
        cache = Cache(monkeypatch)
        for number in range(3):
            store(archive, make(f"2.{number}"))
            power.keep(bytes(cache.durable.get(path.name, b"")) for path in logs(opener))
        monkeypatch.undo()
    power.happens()
    with opener() as archive:
        assert uids(archive) == {"1.1", "2.0", "2.1", "2.2"}


def test_what_was_deleted_stays_deleted(opener: Opener, power: PowerCut) -> None:
    opener.policy = Duplicates.REPLACE
    with opener() as archive:
        for uid in ("2.1", "2.2", "2.1"):
            store(archive, make(uid))
        archive.delete([Ref(level=Level.IMAGE, sop_instance_uid="2.1")])
        power.now()
    power.happens()
    with opener() as archive:
        assert archive.statistics().instances == 2
        assert data_of(archive, "2.2").endswith(encode(make("2.2")))


@pytest.mark.parametrize("is_logged", [True, False])
def test_a_deletion_that_was_answered_outlives_a_power_cut(
    opener: Opener, power: PowerCut, monkeypatch: pytest.MonkeyPatch, is_logged: bool
) -> None:
    """Of index and log only what was synced is there, of folders all."""
    synced: dict[Path, bytes] = {}
    sync, write = os.fdatasync, os.pwritev

    def keep(fd: int) -> None:
        path = Path(f"/proc/self/fd/{fd}").readlink()
        if path.parent.name == "index":
            synced[path] = path.read_bytes()

    with opener() as archive:
        monkeypatch.setattr(os, "fdatasync", lambda fd: (sync(fd), keep(fd)))
        monkeypatch.setattr(os, "pwritev", lambda fd, *args: (write(fd, *args), keep(fd))[0])
        for uid in ("2.1", "2.2"):
            store(archive, make(uid) if is_logged else make_large(uid))
        assert archive.delete([Ref(level=Level.IMAGE, sop_instance_uid="2.1")]) == 1
        monkeypatch.undo()
        copy = opener.folder.with_name("copy")
        shutil.copytree(opener.folder, copy)
    shutil.rmtree(opener.folder)
    copy.rename(opener.folder)
    before = opener.folder.with_name("before") / "index"
    for path in (*logs(opener), opener.folder / "index/journal"):
        path.write_bytes(synced.get(path, (before / path.name).read_bytes()))
    (opener.folder / "index/mark").unlink()
    with opener() as archive:
        assert uids(archive) == {"1.1", "2.2"}
        assert archive.check(repair=False).clean


def test_of_two_of_one_uid_the_later_is_kept(opener: Opener, power: PowerCut) -> None:
    opener.policy = Duplicates.REPLACE
    later = make("2.1", InstanceNumber="2", StudyInstanceUID="4.4")
    with opener() as archive:
        store(archive, make("2.1"))
        store(archive, later)
        power.now()
    power.happens()
    with opener() as archive:
        assert archive.statistics().instances == 2
        assert data_of(archive, "2.1").endswith(encode(later))
        assert archive.check(repair=False).clean


def test_what_an_earlier_filling_left_is_not_taken_for_objects(
    opener: Opener, power: PowerCut, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Under load a log file is written over: behind the new records lie old ones, whole ones."""
    monkeypatch.setattr(arrival_pair, "_FULL", 3 * 4096)
    emptied = threading.Semaphore(0)
    forget = LogFile.forget

    def tell(file: LogFile) -> None:
        forget(file)
        emptied.release()

    monkeypatch.setattr(LogFile, "forget", tell)
    with opener() as archive:
        # Two to a file: the first two files are emptied by use, and the first is begun anew.
        for number in range(4):
            store(archive, make(f"2.{number}"))
            if number % 2:
                assert emptied.acquire(timeout=20)
        store(archive, make("2.4"))
        power.now()
        assert [path.stat().st_size > 2 * 4096 for path in logs(opener)] == [True, True]
    power.happens()
    with opener() as archive:
        assert uids(archive) == {"1.1", "2.4"}
        assert archive.check(repair=False).clean


def test_an_object_of_many_pages_outlives_a_power_cut(opener: Opener, power: PowerCut) -> None:
    pixels = {"Rows": 1, "Columns": 1, "BitsAllocated": 8, "PixelData": os.urandom(700_000)}
    # More than what is at hand of it: the header is read on.
    far = {"StudyDescription": "before", "PatientComments": "x" * 9000, "ImageComments": "y" * 9000}
    ds = make("2.1", **far, **pixels)
    with opener() as archive:
        store(archive, ds)
        store(archive, make("2.2"))
        power.now()
    power.happens()
    with opener() as archive:
        assert data_of(archive, "2.1").endswith(encode(ds))
        assert uids(archive) == {"1.1", "2.1", "2.2"}
        assert archive.check(repair=False).clean


def test_a_large_object_in_place_of_a_logged_one_is_not_undone(opener: Opener) -> None:
    opener.policy = Duplicates.REPLACE
    with opener() as archive:
        for _ in range(3):
            store(archive, make("2.1"))
            store(archive, make_large("2.1"))
        log = arrivals.Arrivals(opener.folder / "index", lambda _: None)
        assert list(log.left_over()) == []
        assert data_of(archive, "2.1").endswith(encode(make_large("2.1")))


@pytest.fixture(params=["in one call", "in two calls"])
def syncing(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who has nobody to share a sync with writes and syncs in one call, where there is such one."""
    if request.param == "in two calls":
        monkeypatch.setattr(arrival_log, "_SYNCED", 0)
    elif not arrival_log._SYNCED:
        pytest.skip("this system has no such call")


def watch_syncs(monkeypatch: pytest.MonkeyPatch, before: Callable[[int], None]) -> None:
    """Have `before` called with its descriptor before a file is synced in either way."""
    sync, write = os.fdatasync, os.pwritev

    def synced(fd: int) -> None:
        before(fd)
        sync(fd)

    def written(fd: int, data: list[memoryview], at: int, flags: int) -> int:
        before(fd)
        return write(fd, data, at, flags)

    monkeypatch.setattr(os, "fdatasync", synced)
    monkeypatch.setattr(os, "pwritev", written)


def fails(_: int) -> None:
    raise OSError(errno.EIO, "Input/output error")


@pytest.mark.usefixtures("syncing")
def test_the_journal_has_nothing_that_is_not_durable(
    opener: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opener() as archive:
        store(archive, make("1.1"))
        journal = opener.folder / "index/journal"
        before, seen = journal.stat().st_size, []

        def synced(fd: int) -> None:
            log = Path(f"/proc/self/fd/{fd}").readlink()
            seen.append((log.name, journal.stat().st_size - before))

        watch_syncs(monkeypatch, synced)
        store(archive, make("2.1"))
        assert seen == [("arrivals-0", 0)]
        monkeypatch.undo()


@pytest.mark.usefixtures("syncing")
def test_a_log_that_cannot_be_synced_takes_no_more(
    opener: Opener, power: PowerCut, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opener() as archive:
        before = held(archive)
        with monkeypatch.context() as patch:
            watch_syncs(patch, fails)
            with pytest.raises(ArchiveError):
                store(archive, make("2.1"))
        assert held(archive) == before
        assert not archive._arrivals.usable
        store(archive, make("2.2"))  # with a sync of its own
        assert archive.check(repair=False).clean
        power.now()
    with opener() as archive:
        assert archive.statistics().instances == 2
        assert store(archive, make("2.1")).instance.size


def test_where_nothing_is_written_and_synced_in_one_call_it_is_in_two(
    opener: Opener, power: PowerCut, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file system may not know the flag."""
    synced: list[int] = []
    real = os.fdatasync

    def unknown(*_: object) -> int:
        raise OSError(errno.EOPNOTSUPP, "Operation not supported")

    with opener() as archive:
        monkeypatch.setattr(os, "pwritev", unknown)
        monkeypatch.setattr(os, "fdatasync", lambda fd: (synced.append(fd), real(fd))[1])
        store(archive, make("2.1"))
        store(archive, make("2.2"))
        assert len(synced) == 2
        power.now()
    power.happens()
    with opener() as archive:
        assert uids(archive) == {"1.1", "2.1", "2.2"}


def test_a_quiet_log_is_emptied(opener: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrivals, "_QUIET", 0.01)
    with opener() as archive:
        store(archive, make("1.1"))
        eventually(lambda: [path.stat().st_size for path in logs(opener)] == [0, 0])
        store(archive, make("1.2"))
        eventually(lambda: [path.stat().st_size for path in logs(opener)] == [0, 0])
        assert archive.check(repair=False).clean


def test_the_two_files_take_turns_under_load(
    opener: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arrival_pair, "_FULL", 5000)
    with opener() as archive:

        def work(thread: int) -> None:
            for number in range(40):
                store(archive, make(f"1.{thread}.{number}", StudyInstanceUID=f"1.{number % 3}"))
                if number % 10 == 9:
                    ref = Ref(level=Level.IMAGE, sop_instance_uid=f"1.{thread}.{number}")
                    assert archive.delete([ref]) == 1

        threads = [threading.Thread(target=work, args=(number,)) for number in range(1, 5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
            assert not thread.is_alive()
        assert archive.statistics().instances == 4 * 36
    assert [path.stat().st_size for path in logs(opener)] == [0, 0]
    with opener() as archive:
        assert archive.statistics().instances == 4 * 36
        assert archive.check(repair=False).clean


def test_a_record_that_was_cut_short_hides_none_behind_it(
    opener: Opener, power: PowerCut, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Several are written at a time, and a later one may be acknowledged before an earlier one."""
    write, first_is_in, go_on = LogFile.write, threading.Event(), threading.Event()

    def half(file: LogFile, record: memoryview, at: int, *, synced: bool = False) -> bool:
        if at and not first_is_in.is_set():
            write(file, record[:PAGE], at)
            first_is_in.set()
            assert go_on.wait(20)
        return write(file, record, at, synced=synced)

    monkeypatch.setattr(LogFile, "write", half)
    many_pages = {"PatientComments": "x" * 9000}
    with opener() as archive:
        thread = threading.Thread(target=store, args=(archive, make("2.1", **many_pages)))
        thread.start()
        assert first_is_in.wait(20)
        store(archive, make("2.2"))
        power.now()
        go_on.set()
        thread.join(20)
    power.happens()
    with opener() as archive:
        assert uids(archive) == {"1.1", "2.2"}
        assert archive.check(repair=False).clean


def test_a_file_may_be_written_after_the_answer(opener: Opener, power: PowerCut) -> None:
    with opener() as archive, begin(archive, make("2.1")) as incoming:
        stored = incoming.commit()
        power.now()
        assert not Path(stored.instance.path).exists()
        # Who wants to read it does not wait for whoever brought it.
        assert data_of(archive, "2.1").endswith(encode(make("2.1")))
        incoming.finish()
        assert archive.check(repair=False).clean
    power.happens()
    with opener() as archive:
        assert data_of(archive, "2.1").endswith(encode(make("2.1")))


def test_an_object_whose_file_was_never_written_can_be_deleted(opener: Opener) -> None:
    with opener() as archive, begin(archive, make("2.1")) as incoming:
        incoming.commit()
        assert archive.delete([Ref(level=Level.STUDY, study_uid="1.2")]) == 1
        incoming.finish()
        assert list((opener.folder / "objects").iterdir()) == []


def test_nothing_is_put_off_where_the_disk_is_nearly_full(
    opener: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is acknowledged has room for its file."""
    with opener() as archive:
        found = os.statvfs(opener.folder)
        left = (10 << 20) // found.f_frsize
        full = os.statvfs_result((*found[:4], left, *found[5:]))
        monkeypatch.setattr(os, "statvfs", lambda _: full)
        with begin(archive, make("2.1")) as incoming:
            assert Path(incoming.commit().instance.path).exists()


@pytest.mark.parametrize("comes_back", [True, False])
def test_a_file_is_written_later_though_descriptors_lacked_for_a_moment(
    opener: Opener, monkeypatch: pytest.MonkeyPatch, *, comes_back: bool
) -> None:
    monkeypatch.setattr(late, "_PATIENCE", 20 if comes_back else 0.1)
    tries: list[str] = []
    with opener() as archive:
        write = archive._landing.files._late._write

        def fails(place: str, data: memoryview) -> None:
            tries.append(place)
            if len(tries) < 4 or not comes_back:
                raise OSError(errno.EMFILE, "Too many open files")
            write(place, data)

        monkeypatch.setattr(archive._landing.files._late, "_write", fails)
        stored = store(archive, make("2.1"))
        assert Path(stored.instance.path).exists() == comes_back
        monkeypatch.undo()
    # What could not be written is in the log.
    with opener() as archive:
        assert data_of(archive, "2.1").endswith(encode(make("2.1")))
        assert archive.check(repair=False).clean


def test_a_file_that_cannot_be_written_later_is_told_and_kept_in_the_log(
    opener: Opener, power: PowerCut, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with opener() as archive:
        monkeypatch.setattr(archive._landing.files._late, "_write", fails)
        store(archive, make("2.1"))
        monkeypatch.undo()
        store(archive, make("2.2"))
        power.now()
    assert any("objects were received, but" in notice.text for notice in opener.told(Notice))
    power.happens()
    with opener() as archive:
        assert uids(archive) == {"1.1", "2.1", "2.2"}
        assert archive.check(repair=False).clean


def test_room_is_made_for_a_burst_and_wiped_after_it(
    opener: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arrivals, "_QUIET", 0.01)
    monkeypatch.setattr(arrival_pair, "_FULL", 3 * 4096)
    opener.settings = ArchiveSettings(burst_mib=1)
    first, second = logs(opener)
    disk = os.statvfs(opener.folder.parent)
    if disk.f_bavail * disk.f_frsize < 5 << 30:
        pytest.skip("the disk has no room to spare")
    with opener() as archive:
        archive.make_ready()
        store(archive, make("1.1"))
        archive.wait_ready(20)
        assert first.stat().st_size == 1 << 20
        for number in range(40):
            store(archive, make(f"2.{number}", PatientComments="secret"))
        eventually(lambda: (first.stat().st_size, second.stat().st_size) == (1 << 20, 1 << 18))
        eventually(lambda: not (first.read_bytes() + second.read_bytes()).strip(b"\0"))
        assert archive.check(repair=False).clean
        store(archive, make("3.1"))
    assert [path.stat().st_size for path in logs(opener)] == [0, 0]
    with opener() as archive:
        assert archive.statistics().instances == 42
        assert archive.check(repair=False).clean


def test_what_is_made_ready_is_used_as_soon_as_it_is(
    opener: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What comes meanwhile goes into the other file, and what comes then does not."""
    opener.settings = ArchiveSettings(burst_mib=1)
    at_it, go_on, tidy = threading.Event(), threading.Event(), LogFile.tidy

    def slow(file: LogFile, room: int) -> bool:
        if file.path.name == "arrivals-0":
            at_it.set()
            assert go_on.wait(20)
        return tidy(file, room)

    monkeypatch.setattr(LogFile, "tidy", slow)
    with opener() as archive:
        archive.make_ready()
        assert at_it.wait(20)
        store(archive, make("1.1"))
        go_on.set()
        archive.wait_ready(20)
        store(archive, make("1.2"))
        entries = archive._arrivals._entries
        assert [entries[uid][0].file for uid in ("1.1", "1.2")] == [1, 0]


def test_small_objects_in_numbers_get_their_files_too(opener: Opener) -> None:
    """A process apart writes them, a moment later; it may die."""
    with opener() as archive:
        files = archive._landing.files._late
        for number in range(300):
            with begin(archive, make(f"2.{number}", StudyInstanceUID=f"3.{number % 7}")) as object_:
                object_.commit()
            if number == 150:
                eventually(lambda: files._helper._process is not None)
                files._helper._process.kill()
        for uid in ("2.299", "2.1"):
            ref = Ref(level=Level.IMAGE, sop_instance_uid=uid)
            assert archive.delete([ref]) == 1
        paths = [Path(archive.instance(f"2.{number}").path) for number in range(2, 299)]
        assert all(path.is_file() for path in paths)
        eventually(lambda: not files._waiting and not files._writing)
        assert archive.check(repair=False).clean
        store(archive, make("2.300"))
    with opener() as archive:
        assert archive.statistics().instances == 299
        assert archive.check(repair=False).clean


def test_the_log_keeps_what_is_not_yet_placed(
    opener: Opener, power: PowerCut, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file of the log is not emptied before all that is in it has its place."""
    monkeypatch.setattr(arrivals, "_QUIET", 0.01)
    synced, go_on = threading.Event(), threading.Event()
    sync = arrivals.Arrivals.sync

    def slow(log: arrivals.Arrivals, entry: arrivals.Entry) -> None:
        sync(log, entry)
        if entry.uid == "2.1":
            synced.set()
            assert go_on.wait(20)

    monkeypatch.setattr(arrivals.Arrivals, "sync", slow)
    forgotten: list[bool] = []
    monkeypatch.setattr(LogFile, "forget", lambda _: forgotten.append(go_on.is_set()))
    with opener() as archive:
        thread = threading.Thread(target=store, args=(archive, make("2.1")))
        thread.start()
        assert synced.wait(20)
        log = archive._arrivals._log
        # It has let others use the other file, and would empty this one.
        eventually(lambda: log.number == 1)
        store(archive, make("2.2"))
        go_on.set()
        thread.join(20)
        eventually(lambda: len(forgotten) == 2)
        assert all(forgotten)


def test_a_file_that_is_being_written_is_waited_for(
    opener: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on = threading.Event(), threading.Event()
    with opener() as archive, begin(archive, make("2.1")) as incoming:
        files = archive._landing.files._late
        write = files._write

        def slow(place: str, data: memoryview) -> None:
            begun.set()
            assert go_on.wait(20)
            write(place, data)

        monkeypatch.setattr(files, "_write", slow)
        incoming.commit()
        writer = threading.Thread(target=incoming.finish)
        writer.start()
        assert begun.wait(20)
        found: list[bool] = []
        reader = threading.Thread(
            target=lambda: found.append(Path(archive.instance("2.1").path).exists())
        )
        reader.start()
        go_on.set()
        reader.join(20)
        writer.join(20)
        assert found == [True]


def test_after_a_sync_that_failed_nobody_is_told_success(
    opener: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The system tells of it once, and a second sync that succeeds would lie."""
    monkeypatch.setattr(arrival_log, "_SYNCED", 0)
    fail = threading.Event()
    real = os.fdatasync

    def once(fd: int) -> None:
        if not fail.is_set():
            fail.set()
            raise OSError(errno.EIO, "Input/output error")
        real(fd)

    with opener() as archive:
        log = archive._arrivals
        first, second = Parcel(), Parcel()
        for parcel in (first, second):
            parcel.add(b"x" * 100)
        one, two = (log.append(uid, uid, p) for uid, p in (("2.1", first), ("2.2", second)))
        monkeypatch.setattr(os, "fdatasync", once)
        for entry in (one, two):
            with pytest.raises(ArchiveError):
                log.sync(entry)
            log.take_back(entry)
            log.done(entry)
        monkeypatch.undo()


def test_a_deleted_object_does_not_come_back_over_a_large_one(
    opener: Opener, power: PowerCut, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The record is struck out durably before a larger object takes its UID."""
    with opener() as archive:
        store(archive, make("2.1"))
        calls: list[str] = []
        sync, put = LogFile.sync, ObjectFiles.put
        monkeypatch.setattr(LogFile, "sync", lambda f: (calls.append("log"), sync(f))[1])
        monkeypatch.setattr(ObjectFiles, "put", lambda *a: (calls.append("put"), put(*a))[1])
        archive.delete([Ref(level=Level.IMAGE, sop_instance_uid="2.1")])
        store(archive, make_large("2.1"))
        assert calls == ["log", "put"]


def test_what_could_not_be_stored_again_is_not_touched_before_it_was(
    opener: Opener, power: PowerCut, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or the log, stored at a later opening, would undo it."""
    opener.policy = Duplicates.REPLACE
    with opener() as archive:
        store(archive, make("2.1"))
        power.now()
    power.happens()

    def fails(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(ObjectFiles, "sync", fails)
    with opener() as archive:
        monkeypatch.undo()
        with pytest.raises(ArchiveError, match="log of arrivals"):
            archive.delete([Ref(level=Level.IMAGE, sop_instance_uid="2.1")])
        with pytest.raises(ArchiveError, match="log of arrivals"):
            store(archive, make("2.1", InstanceNumber="7"))
        store(archive, make("2.2"))
        assert archive.delete([Ref(level=Level.IMAGE, sop_instance_uid="1.1")]) == 1
    with opener() as archive:
        assert uids(archive) == {"2.1", "2.2"}
        assert archive.delete([Ref(level=Level.IMAGE, sop_instance_uid="2.1")]) == 1
        assert archive.check(repair=False).clean
