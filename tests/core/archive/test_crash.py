"""What was acknowledged survives: kill -9 at any moment, and disks that fill."""

from __future__ import annotations

import errno
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from core.archive import check, files, mending
from core.archive.archive import Archive
from core.archive.files import ObjectFiles
from core.archive.importing import Found
from core.archive.index import Index
from core.archive.landing import Landing
from core.errors import ArchiveError, OutOfResourcesError
from core.events import Notice
from core.model import Level, Query, Ref, StoreAction
from core.settings import Duplicates
from tests.core.archive.objects import Opener, encode, held, make, make_large, store

ROOT = Path(__file__).parents[3]

WRITER = """
import sys, threading
from pathlib import Path
from tests.core.archive.objects import Opener, make, make_large, store
from core.settings import Duplicates
from core.model import Level, Ref
opener = Opener(Path(sys.argv[1]))
opener.policy = Duplicates.REPLACE
run = sys.argv[2]
archive = opener()
lock = threading.Lock()
def say(*words):
    with lock:
        print(*words, flush=True)
def work(thread):
    number = 0
    while True:
        number += 1
        uid = f"1.{run}.{thread}.{number}"
        study = f"1.2.{number % 7}"
        made = make if number % 3 else make_large
        store(archive, made(uid, StudyInstanceUID=study, InstanceNumber="1"))
        say("stored", uid)
        if number % 5 == 0:
            made = make if number % 2 else make_large
            store(archive, made(uid, StudyInstanceUID=study, InstanceNumber="2"))
            say("replaced", uid)
        if number % 7 == 0:
            say("deleting", uid)
            archive.delete([Ref(level=Level.IMAGE, sop_instance_uid=uid)])
            say("deleted", uid)
for thread in range(4):
    threading.Thread(target=work, args=(thread,), daemon=True).start()
threading.Event().wait()
"""


def killed_after(folder: Path, run: int, lines: int) -> list[list[str]]:
    """Run the writer until it has said so much, kill it, and return all that it said."""
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(folder), str(run)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    ) as process:
        assert process.stdout is not None
        said = [process.stdout.readline().split() for _ in range(lines)]
        process.send_signal(signal.SIGKILL)
        said += [line.split() for line in process.stdout if line.endswith("\n")]
    return [words for words in said if len(words) == 2]


def test_kill_9_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    opener = Opener(tmp_path / "data")
    expected: dict[str, str] = {}
    doubtful: set[str] = set()
    for run, lines in enumerate((3, 40, 111, 200)):
        for verb, uid in killed_after(opener.folder, run, lines):
            if verb in ("stored", "replaced"):
                expected[uid] = "2" if verb == "replaced" else "1"
            elif verb == "deleting":
                doubtful.add(uid)
            else:
                doubtful.discard(uid)
                expected.pop(uid)
        with opener() as archive:
            query = Query(level=Level.IMAGE, keys={"InstanceNumber": ""})
            held = {
                r.values["SOPInstanceUID"]: r.values["InstanceNumber"] for r in archive.match(query)
            }
            for uid, number in expected.items():
                assert held.get(uid, "") >= number or uid in doubtful, f"{uid} was acknowledged"
            report = archive.check(repair=False)
            assert report.clean, report
            assert not report.strange, report
            for ref in held:
                data = Path(archive.instance(ref).path).read_bytes()
                number, study = held[ref], archive.instance(ref).study_uid
                whole = [
                    encode(made(ref, StudyInstanceUID=study, InstanceNumber=number))
                    for made in (make, make_large)
                ]
                assert data.endswith(tuple(whole)), (
                    "a half file, or one that the index does not mean"
                )
            assert list((opener.folder / "incoming").iterdir()) == []


class Died(BaseException):
    """Stands for the end of the process: nothing after it is executed."""


@pytest.mark.parametrize("left", ["nothing", "all but the last line", "half a line"])
def test_what_a_journal_lost_is_found_though_its_finder_was_killed_first(
    opener: Opener, monkeypatch: pytest.MonkeyPatch, left: str
) -> None:
    with opener() as archive:
        for number in range(4):
            store(archive, make(f"1.{number}"))
    journal = opener.folder / "index/journal"
    data = journal.read_bytes()
    halves = {
        "nothing": 0,
        "all but the last line": data.rindex(b"\n", 0, -60) + 1,
        "half a line": -9,
    }
    os.truncate(journal, len(data[: halves[left]]))
    real, read = check.read_object, list[Path]()

    def dies(path: Path) -> Found:
        read.append(path)
        if len(read) > (left == "nothing"):
            raise Died
        return real(path)

    with monkeypatch.context() as patch:
        patch.setattr(check, "read_object", dies)
        with pytest.raises(Died):
            opener()
    with opener() as archive:
        assert archive.statistics().instances == 4
        assert archive.check(repair=False).clean
    assert "repaired from the files" in opener.told(Notice)[-1].text
    told = len(opener.told(Notice))
    with opener():
        assert len(opener.told(Notice)) == told, "once it is mended it is whole"


def test_a_line_torn_by_a_crash_has_no_file_looked_at(
    opener: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was never acknowledged; of a million objects to look at each takes minutes."""
    with opener() as archive:
        store(archive, make("1.1"))
    with (opener.folder / "index/journal").open("ab") as journal:
        journal.write(b'["instances","1.2",{"s":1')
    monkeypatch.setattr(mending, "check_archive", lambda *_, **__: pytest.fail("files checked"))
    with opener(read_only=True):
        assert opener.told(Notice) == []
    with opener() as archive:
        assert archive.statistics().instances == 1
    assert "repaired" in opener.told(Notice)[-1].text
    told = len(opener.told(Notice))
    with opener():
        assert len(opener.told(Notice)) == told


def test_a_torn_line_is_suspect_where_nothing_says_what_was_acknowledged(opener: Opener) -> None:
    with opener() as archive:
        for number in range(3):
            store(archive, make(f"1.{number}"))
    journal = opener.folder / "index/journal"
    os.truncate(journal, journal.stat().st_size - 9)
    (opener.folder / "index/mark").unlink()
    with opener() as archive:
        assert archive.statistics().instances == 3


def test_an_object_put_but_not_indexed_is_kept_at_the_next_opening(
    opener: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opener() as archive:
        store(archive, make("1.1"))
    before = (opener.folder / "index/journal").read_bytes()
    with opener() as archive:
        stored = store(archive, make("1.2"))
        os.link(stored.instance.path, opener.folder / "incoming/77-0.part")
        (opener.folder / "incoming/77-1.part").write_bytes(b"half of an object")
    (opener.folder / "index/journal").write_bytes(before)
    (opener.folder / "index/mark").unlink()
    with opener() as archive:
        assert archive.statistics().instances == 2
        assert archive.check(repair=False).clean
        assert list((opener.folder / "incoming").iterdir()) == []
        assert store(archive, make("1.2")).action is StoreAction.KEPT_FIRST
    assert "1 object" in opener.told(Notice)[0].text


def test_a_file_that_nobody_knows_does_not_block_its_object(
    opener: Opener, archive: Archive
) -> None:
    place = opener.folder / "objects/1.2/1.2.1/1.2.3.dcm"
    place.parent.mkdir(parents=True)
    place.write_bytes(b"left over")
    opener.policy = Duplicates.REFUSE
    stored = store(archive, make())
    assert stored.action is StoreAction.STORED
    assert place.stat().st_size == stored.instance.size
    assert archive.check(repair=False).clean


def test_a_deletion_cut_short_is_finished(opener: Opener) -> None:
    with opener() as archive:
        place = Path(store(archive, make("1.1")).instance.path)
        store(archive, make("1.2"))
    place.rename(opener.folder / "incoming/77-0.gone")
    with opener() as archive:
        assert [
            i.sop_instance_uid for i in archive.instances(Ref(level=Level.STUDY, study_uid="1.2"))
        ] == ["1.2"]
        assert archive.check(repair=False).clean


def test_what_a_crash_left_is_kept_until_the_index_can_have_it(
    opener: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a full disk at the next start; an index that says otherwise would be for ever."""
    opener.policy = Duplicates.REPLACE
    with opener() as archive:
        store(archive, make("1.1"))
        deleted = Path(store(archive, make("1.2")).instance.path)
    journal = opener.folder / "index/journal"
    before = journal.read_bytes()
    with opener() as archive:
        replaced = Path(store(archive, make("1.1", InstanceNumber="22")).instance.path)
    journal.write_bytes(before)
    (opener.folder / "index/mark").unlink()
    os.link(replaced, opener.folder / "incoming/77-0.part")
    deleted.rename(opener.folder / "incoming/77-1.gone")

    def full(*_: object) -> int:
        raise OutOfResourcesError("no room left to write the index")

    with monkeypatch.context() as patch:
        patch.setattr(Index, "add", full)
        patch.setattr(Index, "remove", full)
        opener().close()
    with opener() as archive:
        assert archive.statistics().instances == 1
        assert archive.check(repair=False).clean
        assert list((opener.folder / "incoming").iterdir()) == []


def test_a_name_that_was_lost_is_given_again_where_the_index_has_the_object(
    opener: Opener,
) -> None:
    """As on a file system that makes the journal durable, and the folder not with it."""
    with opener() as archive:
        place = Path(store(archive, make_large("1.1")).instance.path)
        other = Path(store(archive, make_large("1.2")).instance.path)
    place.rename(opener.folder / "incoming/77-0.part")
    cut_short = opener.folder / "incoming/77-1.part"
    cut_short.write_bytes(other.read_bytes()[:-10])
    other.unlink()
    with opener() as archive:
        assert place.is_file()
        assert not cut_short.exists()
        assert [missing.what for missing in archive.check(repair=True).missing] == ["1.2"]
        assert archive.statistics().instances == 1


@pytest.mark.parametrize("action", [StoreAction.STORED, StoreAction.REPLACED])
def test_a_folder_that_cannot_be_synced_undoes_the_object(
    opener: Opener, archive: Archive, action: StoreAction, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when descriptors run out between the object's new name and its folder's sync."""
    opener.policy = Duplicates.REPLACE
    if action is StoreAction.REPLACED:
        store(archive, make_large("1.2.9", InstanceNumber="1"))
    store(archive, make_large("1.2.8"))  # its series' folder is there already
    before = held(archive)

    def fails(*_: object) -> None:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(files.ObjectFiles, "sync_name", fails)
    with pytest.raises(ArchiveError):
        store(archive, make_large("1.2.9", InstanceNumber="2"))
    monkeypatch.undo()
    assert held(archive) == before
    assert archive.check(repair=False).clean
    store(archive, make_large("1.2.9", InstanceNumber="3"))
    assert archive.check(repair=False).clean


@pytest.mark.parametrize("action", [StoreAction.STORED, StoreAction.REPLACED])
def test_a_journal_that_does_not_fit_undoes_the_object(
    opener: Opener, archive: Archive, action: StoreAction, monkeypatch: pytest.MonkeyPatch
) -> None:
    opener.policy = Duplicates.REPLACE
    if action is StoreAction.REPLACED:
        store(archive, make(InstanceNumber="1"))
    before = held(archive)

    def full(*_: object) -> int:
        raise OutOfResourcesError("no room left to write the index")

    monkeypatch.setattr(archive._storage.journal, "append", full)
    with pytest.raises(OutOfResourcesError):
        store(archive, make(InstanceNumber="22"))
    with pytest.raises(OutOfResourcesError):
        store(archive, make(InstanceNumber="22", StudyInstanceUID="1.3"))
    if action is StoreAction.REPLACED:
        with pytest.raises(OutOfResourcesError):
            archive.delete([Ref(level=Level.STUDY, study_uid="1.2")])
    monkeypatch.undo()
    assert held(archive) == before
    assert archive.check(repair=False).clean
    assert list((opener.folder / "incoming").iterdir()) == []
    assert store(archive, make(InstanceNumber="22")).action is action


FULL = """
import resource, sys
from pathlib import Path
from core.errors import ArchiveError, OutOfResourcesError
from tests.core.archive.objects import Opener, make, store
opener = Opener(Path(sys.argv[1]))
archive = opener()
store(archive, make("1.1"))
soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
def limited(size):
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
big = {"PixelData": b"x" * 600_000, "Rows": 1, "Columns": 1, "BitsAllocated": 8}
limited(300_000)
for attempt in range(2):
    try:
        store(archive, make("1.2", **big))
        print("stored though the disk is full")
    except OutOfResourcesError as error:
        print("refused", error)
limited((opener.folder / "index/journal").stat().st_size + 20)
number, full = 10, 0
while full < 3:
    number += 1
    try:
        store(archive, make(f"1.3.{number}", StudyInstanceUID=f"1.2.{number}"))
        print("stored", f"1.3.{number}")
    except OutOfResourcesError as error:
        full += 1
limited(soft)
assert not list((opener.folder / "incoming").iterdir())
store(archive, make("1.2", **big))
print("stored 1.2")
assert archive.check(repair=False).clean, archive.check(repair=False)
archive.close()
"""


def test_a_full_disk_lets_a_person_delete(opener: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    """The line that says so finds no room in the journal's last block."""
    with opener() as archive:
        for number in range(3):
            store(archive, make(f"1.{number}"))
        real, free = Path.unlink, [0]

        def unlink(path: Path, **options: bool) -> None:
            free[0] += path.stat().st_size
            real(path, **options)

        append = archive._storage.journal.append

        def full(data: bytes, lines: int) -> int:
            if len(data) > free[0]:
                raise OutOfResourcesError("no room left to write the index")
            return append(data, lines)

        monkeypatch.setattr(archive._storage.journal, "append", full)
        monkeypatch.setattr(Path, "unlink", unlink)
        assert archive.delete([Ref(level=Level.STUDY, study_uid="1.2")]) == 3
        monkeypatch.undo()
        assert archive.check(repair=False).clean
        assert (opener.folder / "index/reserve").stat().st_size


def test_a_full_disk_is_survived(tmp_path: Path) -> None:
    assert resource.RLIMIT_FSIZE
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(tmp_path / "data")],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].startswith("refused no room left")
    assert lines[1].startswith("refused no room left")
    assert lines[-1] == "stored 1.2"
    opener = Opener(tmp_path / "data")
    with opener() as archive:
        assert archive.check(repair=False).clean
        stored = [line.split()[1] for line in lines if line.startswith("stored")]
        assert archive.statistics().instances == 1 + len(stored)
    assert opener.told(Notice) == []


def test_a_commit_waits_for_the_files_then_the_journal(
    opener: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The order that makes an acknowledgement true, seen from the calls themselves."""
    calls: list[str] = []
    with opener() as archive:
        real_put, real_land = ObjectFiles.put, Landing.land
        monkeypatch.setattr(ObjectFiles, "put", lambda *a: (calls.append("put"), real_put(*a))[1])
        monkeypatch.setattr(Landing, "land", lambda *a: (calls.append("land"), real_land(*a))[1])
        real_fsync, real_data = os.fsync, os.fdatasync
        monkeypatch.setattr(os, "fsync", lambda fd: (calls.append("fsync"), real_fsync(fd))[1])
        monkeypatch.setattr(os, "fdatasync", lambda fd: (calls.append("journal"), real_data(fd))[1])
        store(archive, make_large("1.1"))
    assert calls[:3] == ["fsync", "land", "put"]
    assert calls.index("journal") > calls.index("put")
    assert "fsync" in calls[3 : calls.index("journal")], "the folder is synced before the journal"
