"""The command line over its own archive: what was imported is listed, and nobody intrudes."""

from __future__ import annotations

import os
import shutil
import warnings
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pydicom
import pytest

from core.settings_file import SettingsStore
from core.station import Station
from tests.samples import sample_files
from tests.tui.commandline import CommandLine


@pytest.fixture
def cli(tmp_path: Path) -> CommandLine:
    return CommandLine(tmp_path)


def readable_files() -> Iterator[tuple[Path, pydicom.Dataset]]:
    """The sample files that belong to a study, with their headers."""
    for path in sample_files():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                ds = pydicom.dcmread(path, stop_before_pixels=True)
                uids = (ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.SOPInstanceUID)
            except Exception:
                continue
        if all(uids):
            yield path, ds


def test_list_answers_as_pydicoms_test_files_say(cli: CommandLine, tmp_path: Path) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    expected: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for number, (path, ds) in enumerate(readable_files()):
        (folder / f"{number}.dcm").symlink_to(path)
        study = expected[str(ds.StudyInstanceUID)]
        study["instances"].add(str(ds.SOPInstanceUID))
        study["modalities"].add(str(ds.get("Modality", "") or ""))
        study["PatientID"].add(str(ds.get("PatientID", "") or ""))
    assert len(expected) > 20

    imported = cli("import", folder, "--json")
    assert imported.code in (0, 4), imported.err
    for failure in imported.json["failures"]:
        print(failure)
    assert imported.json["failed"] == 0

    listed = cli("list", "--json")
    answers = {line["values"]["StudyInstanceUID"]: line["values"] for line in listed.lines}
    assert answers.keys() == expected.keys()
    for uid, study in expected.items():
        values = answers[uid]
        assert int(values["NumberOfStudyRelatedInstances"]) == len(study["instances"]), uid
        assert set(values["ModalitiesInStudy"].split("\\")) == study["modalities"], uid
        assert values["PatientID"] in study["PatientID"], uid


def test_what_is_not_dicom_is_skipped_and_counted(cli: CommandLine, tmp_path: Path) -> None:
    folder = tmp_path / "mixed"
    folder.mkdir()
    path, ds = next(readable_files())
    shutil.copy(path, folder / "a.dcm")
    (folder / "notes.txt").write_text("no DICOM here")
    (folder / "empty").touch()
    said = cli("import", folder, "--json")
    assert said.code == 0, said.err
    assert (said.json["arrived"], said.json["skipped"]) == (1, 2)
    found = cli("lookup", str(ds.SOPInstanceUID), "--json")
    assert found.code == 0
    assert found.json[0]["ref"]["sop_instance_uid"] == str(ds.SOPInstanceUID)


def test_a_file_with_hostile_text_cannot_reach_the_terminal(
    cli: CommandLine, tmp_path: Path
) -> None:
    path, ds = next(readable_files())
    ds = pydicom.dcmread(path)
    ds.SpecificCharacterSet = "ISO_IR 192"
    ds.PatientName = "A\x1b]52;c;AAAA\x07^B\x9b2J\u202e[/b]"
    hostile = tmp_path / "hostile.dcm"
    ds.save_as(hostile)
    assert cli("import", hostile).code == 0
    for words in (("list",), ("list", "--json"), ("dump", hostile), ("dump", hostile, "--json")):
        out = cli(*words).out
        assert out.strip()
        assert not any(c in out for c in "\x1b\x07\x9b\u202e"), words
        assert "[/b]" in out


def test_lookup_of_nothing_exits_1(cli: CommandLine) -> None:
    said = cli("lookup", "1.2.3.4")
    assert said.code == 1
    assert said.err.count("\n") == 1


def test_a_second_station_on_the_folder_is_refused_and_list_still_reads(cli: CommandLine) -> None:
    path, _ = next(readable_files())
    assert cli("import", path).code == 0
    with Station.open(SettingsStore.open(cli.config), cli.data) as station:
        station.listen()
        said = cli("import", path)
        assert said.code == 2
        assert said.err.count("\n") == 1
        assert f"process {os.getpid()}" in said.err
        assert cli("list").code == 0
