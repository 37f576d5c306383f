"""Exports: a file-set that others can read, whole or not there, and nothing overwritten."""

from __future__ import annotations

import shutil
import threading
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.fileset import _FOUR_LEVEL_SOP_CLASSES, FileSet
from pydicom.uid import UID_dictionary

from core.errors import UsageError
from core.events import JobChanged
from core.model import Instance, Job, JobState, Level, Query, Ref
from core.settings_file import SettingsStore, shipped_config_path
from core.station import Station
from core.transfers.export_places import FolderPlace, uid_of
from core.transfers.media_directory import Directory
from core.transfers.media_records import LEAVES, kind_of_class
from tests.core.archive.objects import BIG, EXPLICIT, IMPLICIT, encode, make
from tests.peers import dcmtk
from tests.peers.orthanc import Orthanc
from tests.samples import sample_files

STUDY = Ref(level=Level.STUDY, study_uid="1.2")


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Station]:
    config = tmp_path / "config.toml"
    config.write_text(shipped_config_path().read_text())
    with Station.open(SettingsStore.open(config), tmp_path / "data") as opened:
        yield opened


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "out"


def fill(station: Station, tmp_path: Path, count: int = 3, syntax: str = EXPLICIT) -> None:
    source = tmp_path / "source"
    source.mkdir()
    for number in range(count):
        ds = make(
            f"1.2.1.{number}",
            InstanceNumber=str(number),
            PixelData=bytes(2000),
            Rows=2,
            BitsAllocated=16,
        )
        (source / str(number)).write_bytes(encode(ds, syntax))
    job = station.jobs.wait(station.jobs.import_files([source]).id, 60)
    assert job.arrived == count, job
    shutil.rmtree(source)


def run(station: Station, *refs: Ref, to: Path, **options: bool) -> Job:
    return station.jobs.wait(station.jobs.export(refs or [STUDY], to, **options).id, 60)


def held(station: Station, ref: Ref = STUDY) -> tuple[Instance, ...]:
    return station.archive.instances(ref)


def objects_in(folder: Path) -> list[bytes]:
    return sorted(path.read_bytes() for path in (folder / "DICOM").rglob("*") if path.is_file())


def objects_held(station: Station) -> list[bytes]:
    return sorted(Path(one.path).read_bytes() for one in held(station))


def listed_in(folder: Path) -> dict[str, str]:
    """What pydicom finds in a DICOMDIR: SOP Instance UID and path of each file."""
    listed = FileSet(folder / "DICOMDIR")
    try:
        return {str(one.SOPInstanceUID): one.path for one in listed}
    finally:
        listed._stage["t"].cleanup()


# -- what is written


@pytest.mark.parametrize("syntax", [IMPLICIT, EXPLICIT, BIG])
def test_a_folder_holds_the_files_as_they_are_and_a_dicomdir_that_lists_them(
    station: Station, tmp_path: Path, folder: Path, syntax: str
) -> None:
    fill(station, tmp_path, 3, syntax)
    job = run(station, to=folder)
    assert (job.state, job.arrived, job.promised) == (JobState.DONE, 3, 3), job
    assert job.arrived_bytes == sum(one.size for one in held(station))
    assert objects_in(folder) == objects_held(station)
    names = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    image = "DICOM/ST000001/SE000001/IM00000"
    assert names == {"DICOMDIR", f"{image}1", f"{image}2", f"{image}3"}
    listed = listed_in(folder)
    assert set(listed) == {f"1.2.1.{n}" for n in range(3)}
    for uid, path in listed.items():
        assert pydicom.dcmread(path).SOPInstanceUID == uid
    records = pydicom.dcmread(folder / "DICOMDIR").DirectoryRecordSequence
    kinds = [record.DirectoryRecordType for record in records]
    assert kinds == ["PATIENT", "STUDY", "SERIES", "IMAGE", "IMAGE", "IMAGE"]
    assert (records[0].PatientID, records[0].PatientName) == ("P1", "Doe^Jane")
    assert [record.InstanceNumber for record in records[3:]] == [0, 1, 2]


def test_what_an_object_lacks_is_filled_in_its_records_and_not_in_the_object(
    station: Station, tmp_path: Path, folder: Path
) -> None:
    source = tmp_path / "source"
    source.mkdir()
    lacking = dict.fromkeys(("PatientID", "StudyDate", "StudyTime", "Modality", "InstanceNumber"))
    (source / "1").write_bytes(encode(make("1.2.1.1", **lacking)))
    (source / "2").write_bytes(encode(make("1.2.1.2", **lacking, ContentDate="20230405")))
    station.jobs.wait(station.jobs.import_files([source]).id, 30)
    assert run(station, to=folder).state is JobState.DONE
    assert objects_in(folder) == objects_held(station)
    patient, study, series, first, second = pydicom.dcmread(
        folder / "DICOMDIR"
    ).DirectoryRecordSequence
    assert patient.PatientID == "MISSING-1"
    assert (study.StudyDate, study.StudyTime, study.StudyID) == ("19000101", "000000", "1")
    assert (series.Modality, series.SeriesNumber) == ("OT", 1)
    assert (first.InstanceNumber, second.InstanceNumber) == (1, 2)


def test_patients_who_share_an_id_stay_apart_and_names_keep_their_character_set(
    station: Station, tmp_path: Path, folder: Path
) -> None:
    source = tmp_path / "source"
    source.mkdir()
    for number, name in enumerate(("Möller^Ä", "山田^太郎")):
        ds = make(
            f"1.{number}.3", StudyInstanceUID=f"1.{number}", SeriesInstanceUID=f"1.{number}.1"
        )
        ds.SpecificCharacterSet = "ISO_IR 192"
        ds.PatientName = name
        (source / str(number)).write_bytes(encode(ds))
    station.jobs.wait(station.jobs.import_files([source]).id, 30)
    refs = [Ref(level=Level.PATIENT, patient_id="P1")]
    assert run(station, *refs, to=folder).arrived == 2
    records = pydicom.dcmread(folder / "DICOMDIR").DirectoryRecordSequence
    patients = [str(r.PatientName) for r in records if r.DirectoryRecordType == "PATIENT"]
    assert sorted(patients) == ["Möller^Ä", "山田^太郎"]
    assert {str(p.PatientName) for p in records if "PatientName" in p} == set(patients)


def coded(value: str) -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, "DCM", f"meaning {value}"
    return item


@pytest.mark.parametrize("syntax", [IMPLICIT, EXPLICIT, BIG])
def test_a_report_is_listed_with_its_title_and_language_and_none_of_its_text(
    station: Station, tmp_path: Path, folder: Path, syntax: str
) -> None:
    ds = make("1.2.1.1", SOPClassUID="1.2.840.10008.5.1.4.1.1.88.11", VerificationFlag="VERIFIED")
    ds.ConceptNameCodeSequence = [coded("121181")]
    language, text, observer = Dataset(), Dataset(), Dataset()
    language.RelationshipType, language.ValueType = "HAS CONCEPT MOD", "CODE"
    language.ConceptNameCodeSequence = [coded("121049")]
    text.RelationshipType, text.ValueType, text.TextValue = "CONTAINS", "TEXT", "secret"
    ds.ContentSequence = [language, text]
    observer.VerificationDateTime = "20240102030405"
    ds.VerifyingObserverSequence = [observer]
    (tmp_path / "report").write_bytes(encode(ds, syntax))
    station.jobs.wait(station.jobs.import_files([tmp_path / "report"]).id, 30)
    assert run(station, to=folder).state is JobState.DONE
    assert b"secret" not in (folder / "DICOMDIR").read_bytes()
    record = pydicom.dcmread(folder / "DICOMDIR").DirectoryRecordSequence[-1]
    assert record.DirectoryRecordType == "SR DOCUMENT"
    assert record.ConceptNameCodeSequence[0].CodeMeaning == "meaning 121181"
    assert record.VerificationDateTime == "20240102030405"
    (kept,) = record.ContentSequence
    assert kept.ConceptNameCodeSequence[0].CodeValue == "121049"


def test_each_sop_class_has_the_kind_of_record_that_pydicom_gives_it() -> None:
    for uid, kind in _FOUR_LEVEL_SOP_CLASSES.items():
        assert kind_of_class(uid) == kind, uid.name
    for uid in UID_dictionary:
        assert kind_of_class(uid) in LEAVES
    assert kind_of_class("1.2.840.10008.5.1.4.1.1.481.5") == "RT PLAN"
    assert kind_of_class("1.2.840.10008.5.1.4.1.1.104.1") == "ENCAP DOC"
    assert kind_of_class("1.2.840.10008.5.1.4.1.1.2") == "IMAGE"
    assert kind_of_class("1.3.12.2.1107.5.9.1") == "PRIVATE"


def test_a_zip_has_the_same_layout_and_comes_back_in(
    station: Station, tmp_path: Path, folder: Path
) -> None:
    fill(station, tmp_path)
    path = tmp_path / "out.ZIP"
    job = run(station, to=path)
    assert (job.state, job.arrived) == (JobState.DONE, 3), job
    assert not list(tmp_path.glob(".*.part"))
    with zipfile.ZipFile(path) as made:
        assert made.testzip() is None
        made.extractall(folder)
    assert objects_in(folder) == objects_held(station)
    assert len(listed_in(folder)) == 3
    before = objects_held(station)
    station.archive.delete([STUDY])
    assert station.jobs.wait(station.jobs.import_files([path]).id, 30).arrived == 3
    assert objects_held(station) == before


def test_without_a_dicomdir(station: Station, tmp_path: Path, folder: Path) -> None:
    fill(station, tmp_path)
    assert run(station, to=folder, dicomdir=False).state is JobState.DONE
    assert [path.name for path in folder.iterdir()] == ["DICOM"]


def test_every_sample_goes_out_and_comes_back_in(
    station: Station, tmp_path: Path, folder: Path
) -> None:
    imported = station.jobs.wait(station.jobs.import_files(sample_files()).id, 100)
    query = Query(level=Level.STUDY, keys={"StudyInstanceUID": ""})
    refs = [
        Ref(level=Level.STUDY, study_uid=match.values["StudyInstanceUID"])
        for match in station.archive.list(query)
    ]
    job = run(station, *refs, to=folder)
    assert job.state is JobState.DONE, job.failures
    assert imported.arrived >= job.arrived > 100
    before = {one.sop_instance_uid for ref in refs for one in held(station, ref)}
    station.archive.delete(refs)
    again = station.jobs.wait(station.jobs.import_files([folder / "DICOMDIR"]).id, 60)
    assert (again.state, again.arrived) == (JobState.DONE, job.arrived), again.failures
    assert {one.sop_instance_uid for ref in refs for one in held(station, ref)} == before


# -- what is not


def test_nothing_is_overwritten(station: Station, tmp_path: Path, folder: Path) -> None:
    fill(station, tmp_path)
    folder.mkdir()
    (folder / "mine").write_text("precious")
    (tmp_path / "mine.zip").write_text("precious")
    for target, words in (
        (folder, "not empty"),
        (tmp_path / "mine.zip", "exists already"),
        (folder / "mine", "is no folder"),
        (tmp_path / "no" / "such", "there is no folder"),
        (tmp_path / "data" / "objects" / "x", "archive's own folder"),
    ):
        with pytest.raises(UsageError, match=words):
            station.jobs.export([STUDY], target)
    assert (folder / "mine").read_text() == (tmp_path / "mine.zip").read_text() == "precious"


def test_what_is_not_held_or_cannot_be_read_is_told_and_a_retry_does_the_rest(
    station: Station, tmp_path: Path, folder: Path
) -> None:
    fill(station, tmp_path)
    lost = Path(held(station)[1].path)
    data = lost.read_bytes()
    lost.unlink()
    for target in (folder, tmp_path / "out.zip"):
        job = run(station, STUDY, Ref(level=Level.STUDY, study_uid="9"), to=target)
        assert (job.state, job.arrived, job.failed) == (JobState.PARTIAL, 2, 2)
        assert {failure.what for failure in job.failures} == {"9", "1.2.1.1"}
        lost.write_bytes(data)
        assert station.jobs.retry(job.id)
        job = station.jobs.wait(job.id, 30)
        assert (job.arrived, job.failed, job.promised) == (3, 1, 3)
        lost.unlink()
    lost.write_bytes(data)
    assert objects_in(folder) == objects_held(station)
    assert len(listed_in(folder)) == 3
    with zipfile.ZipFile(tmp_path / "out.zip") as made:
        assert len(made.namelist()) == len(set(made.namelist())) == 4


@pytest.mark.parametrize("name", ["out", "out.zip"])
def test_nothing_held_leaves_nothing(station: Station, tmp_path: Path, name: str) -> None:
    job = run(station, to=tmp_path / name)
    assert job.state is JobState.FAILED
    assert not list(tmp_path.glob("*out*"))


# -- in mid-way


class Died(BaseException):
    """Stands for the end of the process."""


class Stopper:
    """Does something to the job once some of its objects are through."""

    def __init__(self, station: Station, act: str, after: int) -> None:
        self.seen: list[Job] = []
        self._station = station
        self._act = act
        self._after = after
        self._done = threading.Event()
        station.events.subscribe(self)

    def __call__(self, event: object) -> None:
        if isinstance(event, JobChanged) and event.job.kind.value == "export":
            self.seen.append(event.job)
            if event.job.arrived == self._after and not self._done.is_set():
                self._done.set()
                getattr(self._station.jobs, self._act)(event.job.id)


def paused(station: Station, target: Path) -> tuple[Job, Stopper]:
    """An export of six objects that is paused after two."""
    stopper = Stopper(station, "pause", 2)
    seen = threading.Event()
    station.events.subscribe(
        lambda e: seen.set() if isinstance(e, JobChanged) and e.job.state.value == "paused" else 0
    )
    job = station.jobs.export([STUDY], target)
    assert seen.wait(20)
    return job, stopper


def resume(station: Station, job: Job) -> Job:
    deadline = time.monotonic() + 10
    while not station.jobs.resume(job.id):  # its thread may still be letting go
        assert time.monotonic() < deadline
    return station.jobs.wait(job.id, 30)


def is_complete(station: Station, target: Path) -> bool:
    """True where an export, folder or zip, has all that is held, and a DICOMDIR of six."""
    folder = target
    if target.suffix:
        folder = target.with_suffix("")
        with zipfile.ZipFile(target) as made:
            assert made.testzip() is None
            made.extractall(folder)
    return objects_in(folder) == objects_held(station) and len(listed_in(folder)) == 6


TARGETS = pytest.mark.parametrize("name", ["out", "out.zip"])


@TARGETS
def test_a_pause_keeps_what_is_written_and_the_rest_follows(
    station: Station, tmp_path: Path, name: str
) -> None:
    fill(station, tmp_path, 6)
    job, stopper = paused(station, tmp_path / name)
    assert not (tmp_path / "out" / "DICOM").exists()
    assert not (tmp_path / "out.zip").exists()
    job = resume(station, job)
    assert (job.state, job.arrived, job.promised) == (JobState.DONE, 6, 6), job
    assert [seen.arrived for seen in stopper.seen] == sorted(seen.arrived for seen in stopper.seen)
    assert is_complete(station, tmp_path / name)


@TARGETS
def test_what_is_deleted_in_the_pause_stays_in_the_export(
    station: Station, tmp_path: Path, name: str
) -> None:
    fill(station, tmp_path, 6)
    job, _ = paused(station, tmp_path / name)
    station.archive.delete([Ref(level=Level.IMAGE, sop_instance_uid="1.2.1.0")])
    job = resume(station, job)
    assert (job.state, job.arrived) == (JobState.DONE, 6), job
    out = tmp_path / name
    if out.suffix:
        with zipfile.ZipFile(out) as made:
            made.extractall(tmp_path / "out")
    assert set(listed_in(tmp_path / "out")) == {f"1.2.1.{n}" for n in range(6)}


@TARGETS
def test_a_part_that_was_ruined_is_written_anew(
    station: Station, tmp_path: Path, name: str
) -> None:
    fill(station, tmp_path, 6)
    job, _ = paused(station, tmp_path / name)
    for part in [*tmp_path.glob(".out.zip.*"), *tmp_path.glob("out/.*/DICOM/*/*/*1")]:
        if name == "out":
            part.unlink()
        else:
            part.write_bytes(part.read_bytes()[:-30])
    job = resume(station, job)
    assert (job.state, job.arrived) == (JobState.DONE, 6), job
    assert is_complete(station, tmp_path / name)


@TARGETS
def test_a_kept_export_goes_on_after_a_restart(tmp_path: Path, name: str) -> None:
    config = tmp_path / "config.toml"
    config.write_text(shipped_config_path().read_text())
    with Station.open(SettingsStore.open(config), tmp_path / "data") as first:
        fill(first, tmp_path, 6)
        first.jobs.keep()
        begun = threading.Event()
        first.events.subscribe(
            lambda e: begun.set() if isinstance(e, JobChanged) and e.job.arrived == 2 else None
        )
        job = first.jobs.export([STUDY], tmp_path / name)
        assert begun.wait(20)
    with Station.open(SettingsStore.open(config), tmp_path / "data") as second:
        second.jobs.keep()
        job = second.jobs.wait(job.id, 30)
        assert (job.state, job.arrived) == (JobState.DONE, 6), job
        assert is_complete(second, tmp_path / name)


@TARGETS
def test_a_cancel_leaves_nothing(station: Station, tmp_path: Path, name: str) -> None:
    fill(station, tmp_path, 6)
    Stopper(station, "cancel", 2)
    job = run(station, to=tmp_path / name)
    assert (job.state, job.arrived) == (JobState.CANCELLED, 0)
    assert not list(tmp_path.glob("*out*"))
    assert not list(tmp_path.glob(".*"))


@TARGETS
def test_a_cancel_in_the_pause_leaves_nothing(station: Station, tmp_path: Path, name: str) -> None:
    fill(station, tmp_path, 6)
    job, _ = paused(station, tmp_path / name)
    assert station.jobs.cancel(job.id)
    station.jobs.wait(job.id, 10)
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and "out" in str(path)]


def test_a_crash_as_the_parts_take_their_places_costs_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    token, real = "abc", Path.rename
    renamed: list[Path] = []

    def dies(path: Path, to: Path) -> Path:
        if renamed:
            raise Died
        renamed.append(to)
        return real(path, to)

    def directory() -> Iterator[bytes]:
        return Directory().encode(uid_of(token))

    place = FolderPlace(tmp_path / "out", token)
    place.open()
    place.write("DICOM/ST000001/SE000001/IM000001", [b"x"], 1, packed=False)
    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", dies)
        with pytest.raises(Died):
            place.finish(directory())
    again = FolderPlace(tmp_path / "out", token)
    again.open()
    assert again.size("DICOM/ST000001/SE000001/IM000001") == 1
    again.finish(directory())
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["DICOM", "DICOMDIR"]


# -- as others read it


@pytest.mark.interop
def test_orthanc_takes_the_zip(station: Station, tmp_path: Path) -> None:
    fill(station, tmp_path)
    assert run(station, to=tmp_path / "out.zip").state is JobState.DONE
    with Orthanc(tmp_path / "orthanc") as orthanc:
        orthanc.upload(tmp_path / "out.zip")
        assert orthanc.rest("/statistics")["CountInstances"] == 3
        for one in orthanc.rest("/instances"):
            tags = orthanc.rest(f"/instances/{one}/simplified-tags")
            assert tags["PatientName"] == "Doe^Jane"


@pytest.mark.interop
def test_dcmtk_reads_the_dicomdir(station: Station, tmp_path: Path, folder: Path) -> None:
    fill(station, tmp_path)
    run(station, to=folder)
    said = dcmtk.run("dcmdump", "+L", folder / "DICOMDIR")
    assert said.returncode == 0
    assert "(0004,1500) CS [DICOM\\ST000001\\SE000001\\IM000003]" in said.stdout
    again = dcmtk.run("dcmmkdir", "+id", folder, "+D", folder / "NEWDIR", "+r", "+I", "DICOM")
    assert (folder / "NEWDIR").exists(), again.stdout
