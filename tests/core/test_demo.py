"""The sample studies are what an administrator would meet: varied, sound, and the same each day."""

from __future__ import annotations

import shutil
from collections import defaultdict
from datetime import date
from pathlib import Path

import pydicom
import pytest
from pydicom.dataset import Dataset

from core.demo.studies import make_studies, write_studies
from core.dump import rows
from core.imaging import Decoder
from tests.peers.dcmtk import run

TODAY = date(2026, 11, 23)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return write_studies(tmp_path_factory.mktemp("demo"), TODAY)


@pytest.fixture(scope="module")
def objects(files: list[Path]) -> list[Dataset]:
    return [pydicom.dcmread(path, defer_size=1024) for path in files]


def test_there_is_enough_of_everything(objects: list[Dataset]) -> None:
    assert len(objects) >= 100
    assert len({ds.StudyInstanceUID for ds in objects}) in (10, 11, 12)
    assert {ds.Modality for ds in objects} == {"CT", "MR", "CR", "US", "SR", "DOC"}
    assert len({ds.SOPInstanceUID for ds in objects}) == len(objects)
    assert "1.2.840.10008.1.2.5" in {ds.file_meta.TransferSyntaxUID for ds in objects}


def test_names_of_the_world_come_out_of_the_files(objects: list[Dataset]) -> None:
    names = {str(ds.PatientName) for ds in objects}
    assert {
        "Yamada^Tarou=山田^太郎=やまだ^たろう",
        "Hong^Gildong=洪^吉洞=홍^길동",
        "Διονυσίου^Ελένη",
        "قباني^لنزار",
        "Wang^XiaoDong=王^小东",
        "Buc^Jérôme",
    } <= names


def test_two_patients_share_an_id_and_nothing_else(objects: list[Dataset]) -> None:
    shared = {
        (ds.IssuerOfPatientID, str(ds.PatientName), ds.InstitutionName)
        for ds in objects
        if ds.PatientID == "4711"
    }
    assert len(shared) == 2
    assert all(len(set(column)) == 2 for column in zip(*shared, strict=True))


def test_a_study_is_one_patient_at_one_time(objects: list[Dataset]) -> None:
    studies = defaultdict(set)
    for ds in objects:
        key = (ds.PatientID, str(ds.PatientName), ds.StudyDate, ds.AccessionNumber)
        studies[ds.StudyInstanceUID].add(key)
    assert all(len(keys) == 1 for keys in studies.values())


def test_recent_dates_find_something(objects: list[Dataset]) -> None:
    dates = {ds.StudyDate for ds in objects}
    assert "20261123" in dates
    assert max(dates) == "20261123"
    assert len([day for day in dates if day >= "20261116"]) >= 4


def test_the_same_day_makes_the_same_bytes(files: list[Path], tmp_path: Path) -> None:
    again = write_studies(tmp_path, TODAY)
    assert [path.read_bytes() for path in again] == [path.read_bytes() for path in files]


def test_another_day_makes_other_studies(objects: list[Dataset]) -> None:
    other = make_studies(date(2026, 11, 24))
    assert not {ds.SOPInstanceUID for ds in other} & {ds.SOPInstanceUID for ds in objects}


def test_every_image_has_a_picture_and_the_documents_say_why_not(files: list[Path]) -> None:
    by_series = {path.parent: path for path in files}
    with Decoder() as decoder:
        for path in by_series.values():
            ds = pydicom.dcmread(path, stop_before_pixels=True)
            if ds.Modality in ("SR", "DOC"):
                continue
            picture = decoder.picture(path)
            shades = set(picture.pixels)
            assert len(shades) > 50, path
        cine = next(path for path in files if "US" in path.read_bytes()[:1200].decode("latin_1"))
        first, later = (decoder.picture(cine, frame=at) for at in (0, 8))
        assert first.frames >= 20
        assert first.frames_per_second == 25
        assert first.pixels != later.pixels


def test_radiographs_are_brighter_in_the_middle_than_at_the_rim(files: list[Path]) -> None:
    radiograph = next(path for path in files if "STUDY03" in path.parts)
    with Decoder() as decoder:
        picture = decoder.picture(radiograph)
    middle = (picture.height // 2) * picture.width
    row = picture.pixels[middle : middle + picture.width]
    assert sum(row[-20:]) < sum(row[picture.width // 2 : picture.width // 2 + 20])


def test_the_tree_shows_nesting_and_private_elements(files: list[Path]) -> None:
    report = next(path for path in files if path.parent.name == "SERIES04")
    paths = {row.path for row in rows(report)}
    nested = "CurrentRequestedProcedureEvidenceSequence[0].ReferencedSeriesSequence[0]"
    assert f"{nested}.SeriesInstanceUID" in paths
    assert any(row.is_private and row.is_sequence for row in rows(files[0]))


def test_a_pdf_reader_finds_its_way(objects: list[Dataset]) -> None:
    letter = next(ds for ds in objects if ds.Modality == "DOC")
    pdf = letter.EncapsulatedDocument[: letter.EncapsulatedDocumentLength]
    table = int(pdf.split(b"startxref\n")[1].split()[0])
    assert pdf[table : table + 4] == b"xref"
    offsets = [int(line[:10]) for line in pdf[table:].splitlines()[3:8]]
    assert [pdf[at : at + 7] for at in offsets] == [b"%d 0 obj" % n for n in range(1, 6)]


@pytest.mark.interop
def test_dcmtk_reads_every_file(files: list[Path]) -> None:
    for path in files[::9]:
        done = run("dcmdump", "--print-short", path)
        assert done.returncode == 0, done.stdout
        assert not [line for line in done.stdout.splitlines() if line.startswith(("E:", "W:"))]


@pytest.mark.skipif(
    not shutil.which("dciodvfy"),
    reason="needs dciodvfy, of Debian's dicom3tools",
)
def test_dciodvfy_finds_no_error(files: list[Path]) -> None:
    for path in {path.parent: path for path in files}.values():
        said = run("dciodvfy", path).stdout
        assert not [line for line in said.splitlines() if line.startswith("Error")], path
