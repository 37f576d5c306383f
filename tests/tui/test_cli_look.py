"""`look` on the command line: one instance of a peer on the terminal or in a file, kept nowhere."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from tests.core.test_transfers import station_at
from tests.peers.orthanc import Orthanc
from tests.tui.commandline import CommandLine
from tests.tui.console import write_studies

pytestmark = pytest.mark.interop


@pytest.fixture
def cli(tmp_path: Path, orthanc: Orthanc) -> CommandLine:
    write_studies(tmp_path / "files", 2)
    orthanc.upload(*sorted((tmp_path / "files").iterdir()))
    cli = CommandLine(tmp_path)
    orthanc.know("modalitty", "MODALITTY", cli.port)
    words = ("--aet", "ORTHANC", "--host", "127.0.0.1", "--port", orthanc.port)
    assert cli("modalities", "add", "pacs", *words).code == 0
    return cli


def test_tags_and_picture_of_the_middle_instance(cli: CommandLine, tmp_path: Path) -> None:
    series = ("--study", "1.2.3.2", "--series", "1.2.3.2.1")
    said = cli("look", "pacs", *series, "--filter", "SOPInstanceUID")
    assert said.code == 0, said.err
    assert "1.2.3.2.1.2" in said.out
    assert "instance 2 of 2" in said.err
    assert cli("look", "pacs", *series, "--json").json["00080018"]["Value"] == ["1.2.3.2.1.2"]
    png = tmp_path / "one.png"
    assert cli("look", "pacs", *series, "--png", png).code == 0
    with Image.open(png) as image:
        assert image.size == (16, 16)
    assert cli("list").code == 1, "nothing is held"
    assert not list((cli.data / "looks").iterdir())


def test_it_is_kept_where_that_is_asked(cli: CommandLine) -> None:
    assert cli("--read-only", "look", "pacs", "--study", "1.2.3.2", "--keep").code == 2
    said = cli("look", "pacs", "--study", "1.2.3.2", "--keep")
    assert said.code == 0, said.err
    held = cli("list", "--level", "image", "-k", "SOPInstanceUID", "--json")
    assert [line["values"]["SOPInstanceUID"] for line in held.lines] == ["1.2.3.2.1.2"]


def test_it_works_beside_a_running_console(cli: CommandLine, tmp_path: Path) -> None:
    with station_at(tmp_path / "console", "MODALITTY") as console:
        cli.data.symlink_to(console.data_folder)
        said = cli("look", "pacs", "--study", "1.2.3.2", "--filter", "PatientID")
        assert said.code == 0, said.err
        assert "ID2" in said.out
        assert cli("look", "pacs", "--study", "1.2.3.9").code == 1
