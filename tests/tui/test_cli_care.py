"""Verbs that care for the archive: what they count, find and mend is really so."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.archive.archive import Archive
from core.events import EventBus
from core.settings import ArchiveSettings
from tests.core.archive.objects import make, store
from tests.tui.commandline import CommandLine


@pytest.fixture
def cli(tmp_path: Path) -> CommandLine:
    line = CommandLine(tmp_path)
    with Archive.open(line.data, settings=ArchiveSettings, events=EventBus()) as archive:
        for number, modality in enumerate(("CT", "CT", "MR")):
            ds = make(f"1.1.{number}", SeriesInstanceUID=f"1.2.{number}", Modality=modality)
            store(archive, ds)
        store(archive, make("1.9.1", StudyInstanceUID="1.9", PatientName="Roe^\x1b[2JJohn"))
    return line


def objects(cli: CommandLine) -> list[Path]:
    return sorted((cli.data / "objects").rglob("*.dcm"))


def test_statistics_are_those_of_the_files(cli: CommandLine) -> None:
    said = cli("statistics", "--json")
    assert said.code == 0
    assert (said.json["patients"], said.json["studies"], said.json["instances"]) == (2, 2, 4)
    assert said.json["size"] == sum(path.stat().st_size for path in objects(cli))
    assert {m["modality"]: m["instances"] for m in said.json["modalities"]} == {"CT": 3, "MR": 1}
    text = cli("statistics")
    assert text.code == 0
    assert "quota" in text.out
    assert "MR" in text.out


def test_check_finds_and_mends_what_does_not_agree(cli: CommandLine) -> None:
    assert cli("check").code == 0
    assert cli("check", "--json").json["clean"] is True
    first, second, *_ = objects(cli)
    stray = first.with_name("1.1.77.dcm")
    first.unlink()
    second.rename(stray)
    said = cli("check", "--json")
    assert said.code == 1
    assert len(said.json["missing"]) == 2
    assert said.json["strange"][0]["what"] == str(stray)
    assert cli("check").code == 1
    assert cli("--read-only", "check", "--repair").code == 2
    mended = cli("check", "--repair", "--json")
    assert (mended.code, mended.json["repaired"]) == (0, True)
    assert cli("check").code == 0
    assert cli("statistics", "--json").json["instances"] == 2
    assert cli("list", "--level", "instance", "--json").code == 0


def test_check_repair_rebuilds_a_lost_index(cli: CommandLine) -> None:
    (cli.data / "index" / "journal").unlink()
    assert cli("check").code == 1
    assert cli("check", "--repair").code == 0
    assert cli("statistics", "--json").json["instances"] == 4


def test_protect_lists_names_and_releases(cli: CommandLine) -> None:
    assert cli("protect", "--json").json == []
    shared = cli("protect", "P1")
    assert shared.code == 2
    assert "several patients" in shared.err
    said = cli("protect", "--study", "1.9", "--json")
    assert said.code == 0
    assert [(p["patient_id"], p["studies"]) for p in said.json] == [("P1", 1)]
    listed = cli("protect")
    assert "Roe" in listed.out
    assert "\x1b" not in listed.out
    assert cli("statistics", "--json").json["protected"] == 1
    assert cli("protect", "--study", "1.9", "--off", "--json").json == []
    assert cli("protect", "NOBODY").code == 1
    assert cli("--read-only", "protect", "P1").code == 2
