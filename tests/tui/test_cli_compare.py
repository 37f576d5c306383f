"""`compare`: exit codes a script can rely on, files and what is held, JSON, hostile values."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.core.imaging.objects import image, write
from tests.samples import sample_file
from tests.tui.commandline import CommandLine
from tests.tui.console import image_object


@pytest.fixture
def modalitty(tmp_path: Path) -> CommandLine:
    return CommandLine(tmp_path)


def test_equal_objects_exit_with_0_and_others_with_1(
    modalitty: CommandLine, tmp_path: Path
) -> None:
    one = sample_file("CT_small.dcm")
    same = modalitty("compare", one, one)
    assert (same.code, same.err) == (0, "")
    assert same.out.startswith("no elements differ, ")
    left = write(tmp_path, image(PatientID="4711", PatientName="A\x1b[31m"), "a.dcm")
    right = write(tmp_path, image(PatientID="4712", PatientName="A"), "b.dcm")
    differs = modalitty("compare", left, right)
    assert differs.code == 1
    assert "~ (0010,0020) LO PatientID  Patient ID" in differs.out
    assert "    - 4711\n    + 4712\n" in differs.out
    assert "\x1b" not in differs.out
    assert differs.out.endswith("2 elements differ, 8 are equal\n")
    assert modalitty("compare", left, right, "--filter", "modality").code == 0
    missing = modalitty("compare", left, tmp_path / "nowhere.dcm")
    assert (missing.code, missing.out) == (1, "")
    assert "cannot read" in missing.err


def test_json_says_the_same(modalitty: CommandLine, tmp_path: Path) -> None:
    private = image(PatientID="4711")
    private.private_block(0x0029, "ACME", create=True).add_new(0x08, "CS", "B")
    left, right = image(PatientID="4711"), private
    words = ("compare", write(tmp_path, left, "a.dcm"), write(tmp_path, right, "b.dcm"))
    said = modalitty(*words, "--json")
    assert said.code == 1
    assert [(d["change"], d["path"], d["right"]) for d in said.json["differences"]] == [
        ("added", "[0029,0010]", "ACME"),
        ("added", "[0029,1008]", "B"),
    ]
    without = modalitty(*words, "--json", "--no-private")
    assert (without.code, without.json["differences"]) == (0, [])


def test_two_series_held_here_are_compared_by_their_common_headers(
    modalitty: CommandLine, tmp_path: Path
) -> None:
    folder = tmp_path / "objects"
    folder.mkdir()
    uids = []
    for series in (1, 2):
        for instance in (1, 2):
            ds = image_object(1, series, instance)
            ds.SliceThickness = str(series)
            ds.save_as(folder / f"{series}-{instance}.dcm", enforce_file_format=True)
        uids.append(ds.SeriesInstanceUID)
    assert modalitty("import", folder).code == 0
    said = modalitty("compare", *uids, "--json")
    paths = [d["path"] for d in said.json["differences"]]
    assert said.code == 1
    assert "SliceThickness" in paths
    assert "SeriesInstanceUID" in paths
    assert not {"InstanceNumber", "SOPInstanceUID", "PixelData"} & set(paths)
