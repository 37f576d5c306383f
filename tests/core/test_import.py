"""Imports: files, folders, zips and DICOMDIRs; each file once, and nothing outside of them."""

from __future__ import annotations

import os
import shutil
import struct
import threading
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pydicom
import pytest
from pydicom.dataset import Dataset

from core.events import JobChanged
from core.model import Instance, Job, JobState, Level, Query, Ref
from core.settings_file import SettingsStore, shipped_config_path
from core.station import Station
from tests.core.archive.objects import BIG, EXPLICIT, IMPLICIT, encode, make
from tests.peers import dcmtk
from tests.samples import sample_file

STUDY = "1.2"


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Station]:
    config = tmp_path / "config.toml"
    config.write_text(shipped_config_path().read_text())
    with Station.open(SettingsStore.open(config), tmp_path / "data") as opened:
        yield opened


def run(station: Station, *paths: Path) -> Job:
    return station.jobs.wait(station.jobs.import_files(paths).id, 60)


def held(station: Station, study: str = STUDY) -> dict[str, Instance]:
    found = station.archive.instances(Ref(level=Level.STUDY, study_uid=study))
    return {one.sop_instance_uid: one for one in found}


def part10(uid: str, **values: object) -> bytes:
    """A small CT object as a file."""
    return write(make(uid, **values))


def write(ds: Dataset) -> bytes:
    buffer = pydicom.filebase.DicomBytesIO()
    ds.file_meta = pydicom.dataset.FileMetaDataset()
    ds.file_meta.MediaStorageSOPClassUID = ds.get("SOPClassUID", "1.2.840.10008.1.3.10")
    ds.file_meta.MediaStorageSOPInstanceUID = ds.get("SOPInstanceUID", "1.9")
    ds.file_meta.TransferSyntaxUID = EXPLICIT
    pydicom.dcmwrite(buffer, ds, enforce_file_format=True)
    return buffer.getvalue()


def dicomdir(*file_ids: str, in_use: int = 0xFFFF) -> bytes:
    """A DICOMDIR with one IMAGE record for each file ID, as bytes."""
    ds = Dataset()
    ds.FileSetID = "TEST"
    ds.DirectoryRecordSequence = []
    for file_id in file_ids:
        record = Dataset()
        record.OffsetOfTheNextDirectoryRecord = 0
        record.RecordInUseFlag = in_use
        record.OffsetOfReferencedLowerLevelDirectoryEntity = 0
        record.DirectoryRecordType = "IMAGE"
        record.add_new(0x00041500, "UC", file_id)  # UC: pydicom checks what a CS may hold
        ds.DirectoryRecordSequence.append(record)
    return write(ds)


# -- files


@pytest.mark.parametrize("syntax", [IMPLICIT, EXPLICIT, BIG])
def test_a_bare_data_set_is_taken_in_each_plain_encoding(
    station: Station, tmp_path: Path, syntax: str
) -> None:
    data = encode(make("1.2.3", PixelData=b"\1\2\3\4", BitsAllocated=16, Rows=1), syntax)
    (tmp_path / "bare").write_bytes(data)
    job = run(station, tmp_path / "bare")
    assert (job.state, job.arrived) == (JobState.DONE, 1), job
    stored = held(station)["1.2.3"]
    assert stored.transfer_syntax_uid == syntax
    assert Path(stored.path).read_bytes().endswith(data)
    ds = pydicom.dcmread(stored.path)
    assert ds.file_meta.TransferSyntaxUID == syntax
    assert ds.PatientName == "Doe^Jane"


def test_a_file_of_a_folder_that_cannot_be_read_is_a_failure_and_not_skipped(
    station: Station, tmp_path: Path
) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "1.dcm").write_bytes(part10("1.2.3"))
    (folder / "cut.dcm").write_bytes(part10("1.2.4")[:180])
    (folder / "gone.dcm").symlink_to(tmp_path / "nowhere")
    os.mkfifo(folder / "pipe")
    (folder / "notes.txt").write_text("no DICOM")
    job = run(station, folder)
    assert job.state is JobState.PARTIAL
    assert (job.arrived, job.skipped, job.failed, job.promised) == (1, 1, 3, 5)
    why = {Path(failure.what).name: failure.why for failure in job.failures}
    assert why["gone.dcm"] == "no such file"
    assert why["pipe"] == "no regular file"
    assert "damaged" in why["cut.dcm"] or "has no" in why["cut.dcm"]


def test_progress_is_told_with_counts_and_bytes_and_a_retry_passes_over_what_is_done(
    station: Station, tmp_path: Path
) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    for number in range(5):
        (folder / f"{number}.dcm").write_bytes(part10(f"1.2.{number + 3}"))
    (folder / "readme").write_text("skipped, once in each attempt")
    (folder / "late.dcm").symlink_to(folder / "not-there")
    job = run(station, folder)
    assert (job.arrived, job.skipped, job.failed, job.promised) == (5, 1, 1, 7)
    assert job.arrived_bytes == sum(one.size for one in held(station).values())
    (folder / "not-there").write_bytes(part10("1.2.99"))
    stamps = {one.path: Path(one.path).stat().st_mtime_ns for one in held(station).values()}
    assert station.jobs.retry(job.id)
    job = station.jobs.wait(job.id, 30)
    assert job.state is JobState.DONE
    assert (job.arrived, job.skipped, job.failed) == (7, 1, 0)
    assert all(Path(path).stat().st_mtime_ns == stamp for path, stamp in stamps.items())


def test_names_that_are_not_utf_8_are_taken_kept_and_told(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text(shipped_config_path().read_text())
    folder = tmp_path / os.fsdecode(b"caf\xe9")
    folder.mkdir()
    (folder / os.fsdecode(b"good\xff")).write_bytes(part10("1.2.3"))
    (folder / os.fsdecode(b"bad\xff")).write_bytes(part10("1.2.4")[:180])
    with Station.open(SettingsStore.open(config), tmp_path / "data") as station:
        station.jobs.keep()
        job = run(station, folder)
        assert (job.state, job.arrived, job.failed) == (JobState.PARTIAL, 1, 1), job.note
        assert job.failures[0].what.endswith("bad\udcff")
    (folder / os.fsdecode(b"bad\xff")).write_bytes(part10("1.2.4"))
    with Station.open(SettingsStore.open(config), tmp_path / "data") as station:
        station.jobs.keep()
        assert station.jobs.one(job.id).title == str(folder)
        assert station.jobs.retry(job.id)
        job = station.jobs.wait(job.id, 30)
        assert (job.state, job.arrived) == (JobState.DONE, 2), job


# -- zips


def test_a_zip_brings_its_objects_byte_for_byte_and_its_names_do_no_harm(
    station: Station, tmp_path: Path
) -> None:
    objects = {
        name: part10(f"1.2.{n}") for n, name in enumerate(("../../evil", "/etc/x", "a/b"), 3)
    }
    path = tmp_path / "objects.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in objects.items():
            made.writestr(name, data)
        made.writestr("bare", encode(make("1.2.50"), IMPLICIT))
        made.writestr("DICOMDIR", dicomdir("A\\B"))
        made.writestr("readme.txt", "no DICOM")
        made.writestr("folder/", "")
    before = sorted(tmp_path.rglob("*"))
    job = run(station, path)
    assert job.state is JobState.DONE, job
    assert (job.arrived, job.skipped, job.promised) == (4, 1, 5)
    stored = held(station)
    for number, data in enumerate(objects.values(), 3):
        assert Path(stored[f"1.2.{number}"].path).read_bytes() == data
    assert stored["1.2.50"].transfer_syntax_uid == IMPLICIT
    outside = [p for p in sorted(tmp_path.rglob("*")) if (tmp_path / "data") not in p.parents]
    assert [p for p in outside if p.name != "data"] == before
    assert not list((tmp_path / "data" / "incoming").iterdir())


def test_a_zip_in_a_folder_is_opened_and_a_zip_within_it_is_not(
    station: Station, tmp_path: Path
) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "1.dcm").write_bytes(part10("1.2.3"))
    inner = tmp_path / "inner.zip"
    with zipfile.ZipFile(inner, "w") as made:
        made.writestr("4.dcm", part10("1.2.4"))
    with zipfile.ZipFile(folder / "without-a-suffix", "w") as made:
        made.writestr("5.dcm", part10("1.2.5"))
        made.write(inner, "inner.zip")
    job = run(station, folder)
    assert (job.state, job.arrived, job.skipped) == (JobState.DONE, 2, 1)
    assert set(held(station)) == {"1.2.3", "1.2.5"}


def test_a_bomb_is_refused_before_it_is_unpacked(station: Station, tmp_path: Path) -> None:
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("bomb.dcm", part10("1.2.3") + bytes(1 << 20))
    data = bytearray(path.read_bytes())
    entry = data.index(b"PK\1\2")
    data[entry + 24 : entry + 28] = struct.pack("<L", 1200 << 20)  # uncompressed size
    path.write_bytes(data)
    job = run(station, path)
    assert job.state is JobState.FAILED
    assert "would unpack to 1200 MiB" in job.failures[0].why
    assert not held(station)


def test_a_member_larger_than_the_limit_is_refused_whatever_the_zip_says(
    station: Station, tmp_path: Path
) -> None:
    station.change("station.max_object_mib", 1)
    path = tmp_path / "large.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("large.dcm", part10("1.2.3") + b"\xfc\xff\xfc\xffOB\0\0" + bytes(2 << 20))
        made.writestr("small.dcm", part10("1.2.4"))
        made.writestr("film.mp4", bytes(3 << 20))
    job = run(station, path)
    assert (job.state, job.arrived, job.skipped, job.failed) == (JobState.PARTIAL, 1, 1, 1)
    assert "larger than the limit of 1 MiB" in job.failures[0].why
    assert not list((tmp_path / "data" / "incoming").iterdir())


def test_a_zip_that_lies_about_sizes_or_is_cut_or_encrypted_is_told(
    station: Station, tmp_path: Path
) -> None:
    good = tmp_path / "good.zip"
    with zipfile.ZipFile(good, "w") as made:
        made.writestr("1.dcm", part10("1.2.3"))
        made.writestr("2.dcm", part10("1.2.4"))
    data = good.read_bytes()
    (tmp_path / "cut.zip").write_bytes(data[: len(data) // 2])
    entry = data.index(b"PK\1\2")
    lying = bytearray(data)
    lying[entry + 24 : entry + 28] = struct.pack("<L", 200)  # uncompressed size
    (tmp_path / "lying.zip").write_bytes(lying)
    locked = bytearray(data)
    locked[entry + 8] |= 1
    (tmp_path / "locked.zip").write_bytes(locked)
    odd = bytearray(data)
    odd[entry + 10 : entry + 12] = struct.pack("<H", 99)  # a compression nobody knows
    (tmp_path / "odd.zip").write_bytes(odd)
    (tmp_path / "garbage.zip").write_bytes(b"PK\3\4" + bytes(1000))
    for name, arrived, words in (
        ("cut", 0, "zip cannot be read"),
        ("lying", 1, "cannot be unpacked"),
        ("locked", 1, "encrypted"),
        ("odd", 1, "cannot be unpacked"),
        ("garbage", 0, "zip cannot be read"),
    ):
        job = run(station, tmp_path / f"{name}.zip")
        assert (job.arrived, job.failed) == (arrived, 1), name
        assert words in job.failures[0].why, name


# -- DICOMDIR


@pytest.fixture
def disc(tmp_path: Path) -> Path:
    """A folder as a CD shows it, with names that differ in case from those in the DICOMDIR."""
    folder = tmp_path / "disc"
    (folder / "dicom" / "St1").mkdir(parents=True)
    (folder / "dicom" / "St1" / "im1.").write_bytes(part10("1.2.3"))
    (folder / "dicom" / "St1" / "IM2;1").write_bytes(part10("1.2.4"))
    (folder / "DICOM2").write_bytes(part10("1.2.5"))
    (folder / "not-named.dcm").write_bytes(part10("1.2.9"))
    names = ("DICOM\\ST1\\IM1", "DICOM\\ST1\\IM2", "DICOM\\ST1\\IM2", "DICOM2")
    (folder / "DICOMDIR").write_bytes(dicomdir(*names))
    return folder


def test_a_dicomdir_brings_the_files_it_names_once_each(station: Station, disc: Path) -> None:
    job = run(station, disc / "DICOMDIR")
    assert (job.state, job.arrived, job.promised) == (JobState.DONE, 3, 3), job
    assert set(held(station)) == {"1.2.3", "1.2.4", "1.2.5"}


def test_a_folder_with_a_dicomdir_is_walked_and_each_file_taken_once(
    station: Station, disc: Path
) -> None:
    job = run(station, disc)
    assert (job.state, job.arrived, job.skipped, job.promised) == (JobState.DONE, 4, 0, 4)


def test_a_dicomdir_never_leads_out_of_its_folder(station: Station, disc: Path) -> None:
    secret = disc.parent / "secret"
    secret.mkdir()
    (secret / "IM1").write_bytes(part10("1.2.66"))
    (disc / "LINK").symlink_to(secret)
    (disc / "FILE").symlink_to(secret / "IM1")
    (disc / "WITHIN").symlink_to(disc / "DICOM2")
    out = ["..\\secret\\IM1", "../secret/IM1", f"{secret}/IM1", str(secret / "IM1")[1:], "", "."]
    out += ["LINK\\IM1", "FILE", "dicom\\..\\..\\secret\\IM1", "\\DICOM2", "DICOM\\MISSING"]
    (disc / "DICOMDIR").write_bytes(dicomdir("WITHIN", *out))
    job = run(station, disc / "DICOMDIR")
    assert set(held(station)) == {"1.2.5"}
    assert job.state is JobState.PARTIAL
    assert {f.what for f in job.failures} == {name for name in out if name}
    why = {f.what: f.why for f in job.failures}
    assert "points out of its folder" in why["..\\secret\\IM1"]
    assert "link leads out" in why["FILE"]
    assert "not there" in why["DICOM\\MISSING"]


def test_records_out_of_use_and_damaged_dicomdirs(station: Station, disc: Path) -> None:
    (disc / "DICOMDIR").write_bytes(dicomdir("DICOM2", in_use=0))
    job = run(station, disc / "DICOMDIR")
    assert (job.state, job.note) == (JobState.FAILED, "no files there")
    whole = dicomdir("DICOM2", "DICOM\\ST1\\IM1")
    (disc / "DICOMDIR").write_bytes(whole[:-10])
    job = run(station, disc / "DICOMDIR")
    assert (job.state, job.arrived, job.failed) == (JobState.PARTIAL, 1, 1)
    assert "damaged" in job.failures[0].why


@pytest.mark.parametrize(
    "name", ["DICOMDIR", "DICOMDIR-bigEnd", "DICOMDIR-implicit", "DICOMDIR-nooffset"]
)
def test_pydicoms_dicomdirs(station: Station, tmp_path: Path, name: str) -> None:
    source = sample_file("DICOMDIR-reordered").parent
    listed = pydicom.dcmread(source / "DICOMDIR").DirectoryRecordSequence
    expected = {r.ReferencedSOPInstanceUIDInFile for r in listed if "ReferencedFileID" in r}
    shutil.copytree(source, tmp_path / "set")
    job = run(station, tmp_path / "set" / name)
    assert job.state is JobState.DONE, job
    query = Query(level=Level.STUDY, keys={"StudyInstanceUID": ""})
    uids = {m.values["StudyInstanceUID"] for m in station.archive.list(query)}
    assert {uid for study in uids for uid in held(station, study)} == expected
    assert job.arrived == len(expected)


@pytest.mark.interop
def test_a_dicomdir_of_dcmtk(station: Station, tmp_path: Path) -> None:
    folder = tmp_path / "set"
    (folder / "DICOM").mkdir(parents=True)
    for number in range(3):
        ds = make(f"1.2.{number + 3}", StudyID="1", SeriesNumber="1", InstanceNumber=f"{number}")
        (folder / "DICOM" / f"IM{number}").write_bytes(write(ds))
    said = dcmtk.run("dcmmkdir", "+id", folder, "+D", folder / "DICOMDIR", "+r", "DICOM")
    assert (folder / "DICOMDIR").exists(), said.stdout
    job = run(station, folder / "DICOMDIR")
    assert (job.state, job.arrived) == (JobState.DONE, 3), job


# -- in mid-way


def stop_after(station: Station, act: str, arrived: int) -> threading.Event:
    """Do something to the first import once so many objects are in; tells when it is paused."""
    acted, paused = threading.Event(), threading.Event()

    def watch(event: object) -> None:
        if not isinstance(event, JobChanged):
            return
        if event.job.arrived == arrived and not acted.is_set():
            acted.set()
            getattr(station.jobs, act)(event.job.id)
        if event.job.state is JobState.PAUSED:
            paused.set()

    station.events.subscribe(watch)
    return paused


@pytest.fixture(params=["folder", "zip", "DICOMDIR"])
def many(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Eight objects and one file that is none, in each kind of source."""
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(8):
        (folder / f"IM{number}").write_bytes(part10(f"1.2.{number + 3}"))
    if request.param == "folder":
        (folder / "readme").write_text("no DICOM")
        return folder
    if request.param == "DICOMDIR":
        (folder / "DICOMDIR").write_bytes(dicomdir(*(f"IM{number}" for number in range(8))))
        return folder / "DICOMDIR"
    with zipfile.ZipFile(tmp_path / "many.zip", "w") as made:
        made.writestr("a-readme", "no DICOM")
        for file in sorted(folder.iterdir()):
            made.write(file, "in one folder/same name" if "IM" in file.name else file.name)
    return tmp_path / "many.zip"


@pytest.mark.filterwarnings("ignore:Duplicate name:UserWarning")
def test_a_paused_import_goes_on_with_what_is_left(station: Station, many: Path) -> None:
    paused = stop_after(station, "pause", 3)
    job = station.jobs.import_files([many])
    assert paused.wait(20)
    assert len(held(station)) == 3
    deadline = time.monotonic() + 10
    while not station.jobs.resume(job.id):
        assert time.monotonic() < deadline
    job = station.jobs.wait(job.id, 30)
    total = 8 if many.name == "DICOMDIR" else 9
    assert (job.state, job.arrived, job.promised) == (JobState.DONE, 8, total), job
    assert job.skipped == total - 8
    assert len(held(station)) == 8


@pytest.mark.filterwarnings("ignore:Duplicate name:UserWarning")
def test_a_cancelled_import_keeps_what_is_in(station: Station, many: Path, tmp_path: Path) -> None:
    stop_after(station, "cancel", 3)
    job = run(station, many)
    assert (job.state, job.arrived) == (JobState.CANCELLED, 3)
    assert len(held(station)) == 3
    assert not list((tmp_path / "data" / "incoming").iterdir())


@pytest.mark.parametrize("policy", ["keep-first", "replace", "refuse"])
def test_duplicates_go_by_the_policy(station: Station, tmp_path: Path, policy: str) -> None:
    station.change("archive.duplicates", policy)
    first, second = part10("1.2.3"), part10("1.2.3", PatientComments="second")
    (tmp_path / "1").write_bytes(first)
    with zipfile.ZipFile(tmp_path / "2.zip", "w") as made:
        made.writestr("2", second)
    run(station, tmp_path / "1")
    job = run(station, tmp_path / "2.zip")
    assert job.state is (JobState.FAILED if policy == "refuse" else JobState.DONE)
    kept = Path(held(station)["1.2.3"].path).read_bytes()
    assert kept == (second if policy == "replace" else first)
    if policy == "refuse":
        assert "archive.duplicates says to refuse" in job.failures[0].why
