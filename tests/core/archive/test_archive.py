"""The archive as the listener and the screen use it."""

from __future__ import annotations

import errno
import threading
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from tinydb import where

from core.archive import check, files, tables
from core.archive.archive import Archive
from core.archive.files import ObjectFiles, is_valid_uid
from core.archive.importing import Found
from core.errors import (
    ArchiveError,
    ArchiveLockedError,
    DuplicateError,
    MismatchError,
    NotDicomError,
    NotHeldError,
    OutOfResourcesError,
    UsageError,
)
from core.events import ArchiveChanged, Notice
from core.model import Level, Query, Ref, Root, StoreAction
from core.settings import Duplicates
from tests.core.archive.objects import (
    BIG,
    CT,
    EXPLICIT,
    IMPLICIT,
    Opener,
    begin,
    encode,
    held,
    make,
    store,
)

STUDY = Query(level=Level.STUDY)


def files_of(folder: Path) -> list[str]:
    return sorted(
        str(p.relative_to(folder))
        for top in ("objects", "incoming")
        for p in (folder / top).rglob("*")
        if p.is_file()
    )


@pytest.mark.parametrize("syntax", [IMPLICIT, EXPLICIT, BIG])
def test_an_object_lands_byte_for_byte(opener: Opener, archive: Archive, syntax: str) -> None:
    ds = make(Rows=512, PatientName="Doe^J", ImageType=["ORIGINAL", "PRIMARY"])
    stored = store(archive, ds, syntax)
    assert stored.action is StoreAction.STORED
    assert stored.warning == ""
    path = Path(stored.instance.path)
    assert path == opener.folder / "objects/1.2/1.2.1/1.2.3.dcm"
    assert path.stat().st_size == stored.instance.size
    assert path.read_bytes().endswith(encode(ds, syntax))
    read = dcmread(path)
    assert read.file_meta.TransferSyntaxUID == syntax
    assert read.file_meta.SourceApplicationEntityTitle == "TESTER"
    assert read.file_meta.MediaStorageSOPInstanceUID == "1.2.3"
    assert read.Rows == 512
    assert files_of(opener.folder) == ["objects/1.2/1.2.1/1.2.3.dcm"]
    assert archive.instance("1.2.3") == stored.instance
    row = next(archive.match(Query(level=Level.IMAGE, keys={"Rows": "", "ImageType": ""})))
    assert row.values["Rows"] == "512"
    assert row.values["ImageType"] == "ORIGINAL\\PRIMARY"


def test_leaving_without_a_commit_discards(opener: Opener, archive: Archive) -> None:
    with archive.receive(
        sop_class_uid=CT, sop_instance_uid="1", transfer_syntax_uid=EXPLICIT, source="X"
    ) as incoming:
        incoming.write(b"\0" * 3_000_000)
        assert files_of(opener.folder) != []
    assert files_of(opener.folder) == []
    incoming.discard()
    with pytest.raises(ArchiveError):
        incoming.commit()


def test_a_reopened_archive_answers_the_same(opener: Opener) -> None:
    with opener() as archive:
        for number in range(20):
            store(archive, make(f"1.2.3.{number}", InstanceNumber=str(number)))
        before = list(archive.match(Query(level=Level.IMAGE, keys={"InstanceNumber": ""})))
        statistics = held(archive)
    with opener() as archive:
        assert list(archive.match(Query(level=Level.IMAGE, keys={"InstanceNumber": ""}))) == before
        assert held(archive) == statistics
        assert statistics.instances == 20
        assert archive.check(repair=False).clean
    assert opener.told(Notice) == []


@pytest.mark.parametrize(
    "uid",
    [
        "../../x",
        "/etc/passwd",
        "..",
        ".",
        "a.b",
        "1.2." + "3" * 70,
        "1..2",
        "1.02",
        "Ünïcode",
        "1.2\n",
    ],
)
def test_no_uid_leads_out_of_the_folder(opener: Opener, uid: str) -> None:
    assert not is_valid_uid(uid)
    with opener() as archive:
        for keyword in ("SOPInstanceUID", "SeriesInstanceUID", "StudyInstanceUID"):
            ds = make("1.2.3")
            raw = encode(ds)
            target = (
                str(getattr(ds, keyword))
                .encode()
                .ljust(len(str(getattr(ds, keyword))) + len(str(getattr(ds, keyword))) % 2, b"\0")
            )
            value = uid.encode() + b"\0" * (len(uid.encode()) % 2)
            tag = {"SOPInstanceUID": b"\x08\0\x18\0", "SeriesInstanceUID": b"\x20\0\x0e\0"}.get(
                keyword, b"\x20\0\x0d\0"
            )
            old = tag + b"UI" + len(target).to_bytes(2, "little") + target
            assert old in raw
            raw = raw.replace(old, tag + b"UI" + len(value).to_bytes(2, "little") + value)
            said = uid if keyword == "SOPInstanceUID" else "1.2.3"
            try:
                with archive.receive(
                    sop_class_uid=CT, sop_instance_uid=said, transfer_syntax_uid=EXPLICIT, source=""
                ) as incoming:
                    incoming.write(raw)
                    stored = incoming.commit()
            except (MismatchError, NotDicomError):
                continue
            path = Path(archive.instance(stored.instance.sop_instance_uid).path).resolve()
            assert path.is_relative_to(opener.folder.resolve() / "objects")
            if stored.action is StoreAction.STORED:
                assert path.is_file()
        outside = [p for p in opener.folder.parent.iterdir() if p != opener.folder]
        assert outside == []
        assert archive.check(repair=False).clean
        count = archive.statistics().instances
    with opener() as archive:
        assert archive.statistics().instances == count


def test_a_command_that_names_another_object_is_refused(opener: Opener, archive: Archive) -> None:
    for sop_class, uid in ((CT, "9.9"), ("1.2.840.10008.5.1.4.1.1.4", "1.2.3")):
        with archive.receive(
            sop_class_uid=sop_class, sop_instance_uid=uid, transfer_syntax_uid=EXPLICIT, source=""
        ) as incoming:
            incoming.write(encode(make("1.2.3")))
            with pytest.raises(MismatchError):
                incoming.commit()
    assert files_of(opener.folder) == []
    assert archive.statistics().instances == 0


def test_duplicates_by_policy(opener: Opener, archive: Archive) -> None:
    first = store(archive, make(StudyDescription="first"))
    kept = store(archive, make(StudyDescription="second, longer"))
    assert kept.action is StoreAction.KEPT_FIRST
    assert kept.instance == first.instance
    opener.policy = Duplicates.REFUSE
    with pytest.raises(DuplicateError):
        store(archive, make())
    assert dcmread(first.instance.path).StudyDescription == "first"
    opener.policy = Duplicates.REPLACE
    replaced = store(archive, make(StudyInstanceUID="1.9", StudyDescription="third"))
    assert replaced.action is StoreAction.REPLACED
    assert files_of(opener.folder) == ["objects/1.9/1.2.1/1.2.3.dcm"]
    assert [m.values["StudyInstanceUID"] for m in archive.match(STUDY)] == ["1.9"]
    again = store(archive, make(StudyInstanceUID="1.9", StudyDescription="fourth!"))
    assert archive.statistics().instances == 1
    assert archive.statistics().size == again.instance.size
    assert archive.check(repair=False).clean


def test_a_limit_is_kept(opener: Opener, archive: Archive) -> None:
    with pytest.raises(OutOfResourcesError):
        store(archive, make(), limit=150)
    assert files_of(opener.folder) == []
    assert store(archive, make(), limit=100_000).action is StoreAction.STORED


def test_patients_of_two_hospitals_with_one_id_stay_apart(archive: Archive) -> None:
    store(archive, make("1.1", StudyInstanceUID="1.2.10", PatientName="Doe^Jane"))
    store(archive, make("1.2", StudyInstanceUID="1.2.20", PatientName="Roe^Richard"))
    store(archive, make("1.3", StudyInstanceUID="1.2.30", PatientName="DOE^JANE^"))
    rows = list(
        archive.match(
            Query(
                level=Level.PATIENT, keys={"PatientName": "", "NumberOfPatientRelatedStudies": ""}
            )
        )
    )
    assert sorted(
        (r.values["PatientName"], r.values["NumberOfPatientRelatedStudies"]) for r in rows
    ) == [
        ("Doe^Jane", "2"),
        ("Roe^Richard", "1"),
    ]
    assert len([h for h in archive.lookup("P1") if h.keyword == "PatientID"]) == 2
    with pytest.raises(UsageError, match="several patients"):
        archive.delete([Ref(level=Level.PATIENT, patient_id="P1")])
    assert archive.statistics().instances == 3


def test_one_study_uid_for_two_patients_is_shown_as_two(archive: Archive) -> None:
    store(archive, make("1.1", PatientName="Doe^Jane"))
    store(archive, make("1.2", PatientName="Roe^Richard"))
    store(archive, make("1.3", PatientName="", PatientBirthDate=""))
    names = sorted(
        m.values["PatientName"]
        for m in archive.match(Query(level=Level.STUDY, keys={"PatientName": ""}))
    )
    assert names == ["Doe^Jane", "Roe^Richard"]
    assert len(archive.instances(Ref(level=Level.STUDY, study_uid="1.2"))) == 3


def test_later_instances_fill_in_what_earlier_ones_left_out(opener: Opener) -> None:
    with opener() as archive:
        store(archive, make("1.1"))
        store(archive, make("1.2", StudyDescription="Head"))
        assert next(archive.match(Query(level=Level.STUDY, keys={"StudyDescription": "Head"})))
    with opener() as archive:
        assert next(archive.match(Query(level=Level.STUDY, keys={"StudyDescription": "Head"})))


def test_lookup_by_each_identifier(archive: Archive) -> None:
    store(archive, make())
    found = {
        v: [h.keyword for h in archive.lookup(v)]
        for v in ("P1", "A1", "1.2", "1.2.1", "1.2.3", "1.2.", "")
    }
    assert found == {
        "P1": ["PatientID"],
        "A1": ["AccessionNumber"],
        "1.2": ["StudyInstanceUID"],
        "1.2.1": ["SeriesInstanceUID"],
        "1.2.3": ["SOPInstanceUID"],
        "1.2.": [],
        "": [],
    }
    (hit,) = archive.lookup("1.2.3")
    assert archive.instances(hit.ref) == (archive.instance("1.2.3"),)


def test_deleting_takes_files_folders_and_records(opener: Opener) -> None:
    with opener() as archive:
        for number in range(4):
            store(archive, make(f"1.1.{number}", SeriesInstanceUID=f"1.2.{number % 2}"))
        store(archive, make("1.5", StudyInstanceUID="1.9"))
        assert archive.delete([Ref(level=Level.SERIES, study_uid="1.2", series_uid="1.2.0")]) == 2
        assert archive.delete([Ref(level=Level.IMAGE, sop_instance_uid="1.1.1")]) == 1
        assert archive.delete([Ref(level=Level.IMAGE, sop_instance_uid="1.1.1")]) == 0
        with pytest.raises(NotHeldError):
            archive.instance("1.1.1")
        assert archive.delete([Ref(level=Level.STUDY, study_uid="1.2")]) == 1
        assert [e.removed for e in opener.told(ArchiveChanged)] == [2, 1, 1]
        assert sorted(p.name for p in (opener.folder / "objects").iterdir()) == ["1.9"]
    with opener() as archive:
        assert archive.statistics().instances == 1
        assert archive.statistics().studies == 1
        assert archive.check(repair=False).clean
        assert store(archive, make("1.1.1")).action is StoreAction.STORED


def test_a_deletion_that_fails_midway_tells_what_went(
    opener: Opener, archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        store(archive, make(f"1.{number}"))
    real = ObjectFiles.set_aside

    def fails_at_the_last(objects: ObjectFiles, place: str) -> str:
        if archive.statistics().instances == 1:
            raise PermissionError(errno.EACCES, "Permission denied")
        return real(objects, place)

    monkeypatch.setattr(ObjectFiles, "set_aside", fails_at_the_last)
    with pytest.raises(ArchiveError, match="Permission denied"):
        archive.delete([Ref(level=Level.STUDY, study_uid="1.2")])
    assert [event.removed for event in opener.told(ArchiveChanged)] == [2]
    assert archive.check(repair=False).clean


def test_an_empty_reference_deletes_nothing(archive: Archive) -> None:
    store(archive, make(PatientID=""))
    for level in Level:
        assert archive.delete([Ref(level=level)]) == 0
    assert archive.statistics().instances == 1


def test_a_second_station_is_refused_and_told_who_holds(opener: Opener) -> None:
    import os

    with opener(), pytest.raises(ArchiveLockedError, match=f"process {os.getpid()} on"):
        opener()
    opener().close()
    (opener.folder / "lock").write_text("rubbish")
    opener().close()


def test_read_only_beside_a_running_station(opener: Opener) -> None:
    with opener() as archive:
        store(archive, make())
        before = sorted((p, p.stat().st_mtime_ns) for p in opener.folder.rglob("*"))
        with opener(read_only=True) as reader:
            assert held(reader) == held(archive)
            for change in (
                lambda: reader.delete([Ref(level=Level.STUDY, study_uid="1.2")]),
                lambda: reader.take_file(Path("/dev/null")),
                lambda: store(reader, make("1.7")),
                lambda: reader.check(repair=True),
            ):
                with pytest.raises(ArchiveError):
                    change()
        assert sorted((p, p.stat().st_mtime_ns) for p in opener.folder.rglob("*")) == before


def test_a_reader_waits_for_a_file_that_comes_after_the_answer(
    opener: Opener, archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = Path(store(archive, make("1.1")).instance.path)
    archive._storage.sync(archive._storage.journal.end)
    hidden = opener.folder / "hidden"
    with opener(read_only=True) as reader:
        for ask in (
            lambda: reader.instance("1.1"),
            lambda: reader.instances(Ref(level=Level.STUDY, study_uid="1.2"))[0],
        ):
            place.rename(hidden)
            with monkeypatch.context() as patch:
                patch.setattr(files.time, "sleep", lambda _: hidden.rename(place))
                assert Path(ask().path).is_file()


def test_read_only_on_a_folder_that_is_not_there(opener: Opener) -> None:
    with opener(read_only=True) as archive:
        assert list(archive.match(STUDY)) == []
    assert not opener.folder.exists()


def test_the_folder_is_private(opener: Opener, archive: Archive) -> None:
    store(archive, make())
    for folder in (opener.folder, opener.folder / "objects/1.2/1.2.1"):
        assert folder.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("damage", ["gone", "empty", "garbage", "half", "cut"])
def test_a_spoilt_index_is_mended_from_the_files_and_said(opener: Opener, damage: str) -> None:
    with opener() as archive:
        for number in range(10):
            store(archive, make(f"1.2.3.{number}", StudyInstanceUID=f"1.2.{number}"))
    journal = opener.folder / "index" / "journal"
    data = journal.read_bytes()
    lines = data.splitlines(keepends=True)
    if damage == "gone":
        journal.unlink()
    else:
        spoilt = {
            "empty": b"",
            "garbage": data + b"\x80garbage",
            "half": data[: len(data) // 2],
            "cut": b"".join(lines[:9]),
        }
        journal.write_bytes(spoilt[damage])
    with opener() as archive:
        assert archive.statistics().instances == 10
        assert archive.check(repair=False).clean
        assert len(opener.told(Notice)) == 1
        assert "repaired" in opener.told(Notice)[0].text
    opener.events.clear()
    with opener() as archive:
        assert archive.statistics().instances == 10
    assert opener.told(Notice) == []


def test_check_finds_and_repairs_both_ways(opener: Opener, archive: Archive) -> None:
    for number in range(4):
        store(archive, make(f"1.2.3.{number}"))
    folder = opener.folder / "objects/1.2/1.2.1"
    (folder / "1.2.3.0.dcm").unlink()
    (folder / "1.2.3.1.dcm").write_bytes(b"short")
    extra = opener.folder / "objects/1.2/1.2.1/1.2.3.9.dcm"
    data = (folder / "1.2.3.2.dcm").read_bytes().replace(b"1.2.3.2", b"1.2.3.9")
    extra.write_bytes(data)
    (opener.folder / "objects/rubbish.dcm").write_bytes(b"rubbish")
    report = archive.check(repair=False)
    assert {f.what for f in report.missing} == {"1.2.3.0", "1.2.3.1"}
    assert [f.what for f in report.unindexed] == [str(extra)]
    assert not report.repaired
    assert archive.check(repair=True).repaired
    assert archive.statistics().instances == 3
    assert archive.instance("1.2.3.9").path == str(extra)
    again = archive.check(repair=False)
    assert again.clean
    assert len(again.strange) == 2
    assert store(archive, make("1.2.3.1")).action is StoreAction.STORED
    assert archive.check(repair=False).clean


def test_a_check_counts_nothing_that_was_only_on_its_way(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when an object is stored between the looks at its folder and at the index."""
    stored = Path(store(archive, make("1.1")).instance.path)
    monkeypatch.setattr(check, "_unknown_files", lambda *_: iter([stored]))
    report = archive.check(repair=True)
    assert report.clean
    assert not report.repaired


def test_what_is_deleted_during_a_check_does_not_come_back(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = Path(store(archive, make("1.1")).instance.path)
    real = check.read_object

    def deleted_meanwhile(path: Path) -> Found:
        found = real(path)
        archive.delete([Ref(level=Level.IMAGE, sop_instance_uid="1.1")])
        return found

    with monkeypatch.context() as patch:
        patch.setattr(check, "_unknown_files", lambda *_: iter([stored]))
        patch.setattr(check, "read_object", deleted_meanwhile)
        assert archive.check(repair=True).clean
    assert archive.statistics().instances == 0
    assert archive.check(repair=False).clean


def test_many_threads_at_once(opener: Opener) -> None:
    with opener() as archive:
        errors: list[BaseException] = []
        stop = threading.Event()

        def sender(thread: int) -> None:
            try:
                for number in range(25):
                    uid = f"1.2.3.{number}" if number % 5 == 0 else f"1.2.{thread + 10}.{number}"
                    store(archive, make(uid, StudyInstanceUID=f"1.2.{number % 3}"))
            except BaseException as error:
                errors.append(error)

        def reader() -> None:
            try:
                while not stop.is_set():
                    for row in archive.match(Query(level=Level.IMAGE, keys={"PatientName": "D*"})):
                        assert row.values["SOPInstanceUID"]
            except BaseException as error:
                errors.append(error)

        threads = [threading.Thread(target=sender, args=(n,)) for n in range(6)]
        watcher = threading.Thread(target=reader)
        for thread in (watcher, *threads):
            thread.start()
        for thread in threads:
            thread.join(60)
        stop.set()
        watcher.join(60)
        assert errors == []
        assert archive.statistics().instances == 6 * 20 + 5
        assert archive.check(repair=False).clean
        expected = held(archive)
    with opener() as archive:
        assert held(archive) == expected


def test_a_running_query_survives_deletion(archive: Archive) -> None:
    for number in range(6):
        store(archive, make(f"1.2.3.{number}", StudyInstanceUID=f"1.2.{number}"))
    rows = archive.match(Query(level=Level.IMAGE))
    next(rows)
    archive.delete([Ref(level=Level.PATIENT, patient_id="P1")])
    assert list(rows) == []


def test_compaction_keeps_everything(opener: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.archive.tables._COMPACT_ABOVE", 10)
    with opener() as archive:
        for number in range(40):
            store(archive, make(f"1.2.{number}"))
            archive.delete([Ref(level=Level.IMAGE, sop_instance_uid=f"1.2.{number}")])
        store(archive, make("1.2.99"))
    assert (opener.folder / "index/journal").read_bytes().count(b"\n") < 60
    with opener() as archive:
        assert [
            i.sop_instance_uid for i in archive.instances(Ref(level=Level.STUDY, study_uid="1.2"))
        ] == ["1.2.99"]


def test_a_closed_archive_compacts_no_more(opener: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    """An association may outlast it, and another station have the folder by then."""
    monkeypatch.setattr(tables, "_COMPACT_ABOVE", -10)
    with opener() as archive:
        incoming = begin(archive, make("1.1"))
        incoming.commit()
    with opener() as other:
        store(other, make("1.2"))
        journal = opener.folder / "index/journal"
        before = journal.stat().st_ino
        incoming.finish()
        archive._compactor.close()
        assert journal.stat().st_ino == before
    with opener() as other:
        assert other.statistics().instances == 2


def test_the_index_is_a_tinydb_to_be_read(archive: Archive) -> None:
    for number in range(3):
        store(archive, make(f"1.2.3.{number}", InstanceNumber=str(number)))
    instances = archive.database.table("instances")
    (found,) = instances.search(where("v").search(r"\b2$"))
    assert found.doc_id == "1.2.3.2"
    assert set(found) == {"s", "c", "z", "v"}
    assert archive.database.table("series").get(doc_id=str(found["s"]))["SeriesInstanceUID"]


def test_a_record_that_is_none_has_the_index_rebuilt(opener: Opener) -> None:
    with opener() as archive:
        store(archive, make("1.2.3.4"))
    with (opener.folder / "index/journal").open("ab") as journal:
        journal.write(b'["instances","1.2.3.4",{"s":1}]\n')
    with opener() as archive:
        assert archive.instance("1.2.3.4").study_uid == "1.2"
        assert archive.check(repair=False).clean


def identifier(level: str, **values: object) -> Dataset:
    ds = Dataset()
    ds.QueryRetrieveLevel = level
    for keyword, value in values.items():
        setattr(ds, keyword, value)
    return ds


def test_select_names_instances_by_unique_keys(archive: Archive) -> None:
    for number in range(4):
        store(
            archive,
            make(f"1.2.3.{number}", SeriesInstanceUID=f"1.2.{number % 2}", StudyInstanceUID="1.2"),
        )

    def uids(level: str, root: Root = Root.STUDY, **values: object) -> list[str]:
        return sorted(i.sop_instance_uid for i in archive.select(identifier(level, **values), root))

    everything = [f"1.2.3.{n}" for n in range(4)]
    assert uids("STUDY", StudyInstanceUID="1.2") == everything
    assert uids("PATIENT", Root.PATIENT, PatientID="P1") == everything
    assert uids("SERIES", StudyInstanceUID="1.2", SeriesInstanceUID="1.2.0") == [
        "1.2.3.0",
        "1.2.3.2",
    ]
    assert (
        uids("SERIES", StudyInstanceUID="1.2", SeriesInstanceUID=["1.2.0", "1.2.1"]) == everything
    )
    assert uids(
        "IMAGE", StudyInstanceUID="1.2", SeriesInstanceUID="1.2.0", SOPInstanceUID="1.2.3.2"
    ) == ["1.2.3.2"]
    assert uids("STUDY", StudyInstanceUID="1.99") == []
    assert uids("STUDY", Root.PATIENT, PatientID="P2", StudyInstanceUID="1.2") == []
