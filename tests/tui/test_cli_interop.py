"""The command line against Orthanc and dcmqrscp, which it never saw before."""

from __future__ import annotations

import datetime
from pathlib import Path

import pydicom
import pytest

from core.demo.studies import write_studies
from tests.peers import dcmtk
from tests.peers.orthanc import Orthanc
from tests.tui.commandline import CommandLine

pytestmark = pytest.mark.interop


@pytest.fixture(scope="module")
def studies(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return write_studies(tmp_path_factory.mktemp("studies"), datetime.date(2026, 1, 15))


@pytest.fixture
def cli(tmp_path: Path) -> CommandLine:
    return CommandLine(tmp_path)


@pytest.fixture
def peer(cli: CommandLine, orthanc: Orthanc, studies: list[Path]) -> Orthanc:
    orthanc.upload(*studies)
    orthanc.know("modalitty", "MODALITTY", cli.port)
    added = cli(
        "modalities", "add", "pacs", "--aet", "ORTHANC", "--host", "127.0.0.1",
        "--port", orthanc.port,
    )  # fmt: skip
    assert added.code == 0, added.err
    return orthanc


def test_echo_find_move_list_and_preview_against_orthanc(
    cli: CommandLine, peer: Orthanc, tmp_path: Path
) -> None:
    echo = cli("echo", "pacs", "--json")
    assert (echo.code, echo.json["state"]) == (0, "ok")

    found = cli("find", "pacs", "-k", "PatientID", "--json")
    assert found.code == 0
    answers = {line["values"]["StudyInstanceUID"]: line["values"] for line in found.lines}
    assert len(answers) == len(peer.rest("/studies"))

    uid, values = max(
        answers.items(), key=lambda item: int(item[1]["NumberOfStudyRelatedInstances"])
    )
    count = int(values["NumberOfStudyRelatedInstances"])
    moved = cli("move", "pacs", "--study", uid, "--json")
    assert moved.code == 0, moved.err
    assert moved.json["state"] == "done"
    assert moved.json["arrived"] == moved.json["promised"] == count

    held = cli("list", "--json", "-k", f"StudyInstanceUID={uid}")
    assert held.code == 0
    assert held.lines[0]["values"]["NumberOfStudyRelatedInstances"] == str(count)
    assert held.lines[0]["values"]["PatientName"] == values["PatientName"]

    picture = tmp_path / "picture.png"
    assert cli("preview", uid, "--png", picture).code == 0
    assert picture.read_bytes().startswith(b"\x89PNG")
    tags = cli("dump", uid, "--json")
    assert tags.json["0020000D"]["Value"] == [uid]


def test_names_in_every_script_are_found_and_read_alike(cli: CommandLine, peer: Orthanc) -> None:
    theirs = {line["values"]["PatientName"] for line in cli("find", "pacs", "--json").lines}
    for study in peer.rest("/studies"):
        cli("move", "pacs", "--study", peer.rest(f"/studies/{study}")["MainDicomTags"][
            "StudyInstanceUID"
        ])  # fmt: skip
    ours = {line["values"]["PatientName"] for line in cli("list", "--json").lines}
    assert ours == theirs
    assert any("=" in name for name in ours)


def test_sending_to_orthanc_keeps_every_byte(
    cli: CommandLine, peer: Orthanc, studies: list[Path]
) -> None:
    for study in peer.rest("/studies"):
        peer.rest(f"/studies/{study}", method="DELETE")
    sent = cli("send", "pacs", *studies, "--json")
    assert sent.code == 0, sent.err
    assert sent.json["arrived"] == len(studies)
    assert peer.rest("/statistics")["CountInstances"] == len(studies)
    ds = pydicom.dcmread(studies[0])
    instance = peer.rest("/tools/lookup", str(ds.SOPInstanceUID).encode())[0]["ID"]
    assert peer.rest(f"/instances/{instance}/simplified-tags")["PatientName"] == str(ds.PatientName)


def test_a_third_party_receives_what_orthanc_moves(
    cli: CommandLine, peer: Orthanc, tmp_path: Path
) -> None:
    with dcmtk.storescp(tmp_path / "third", ae_title="THIRD") as third:
        peer.know("third", "THIRD", third.port)
        uid = cli("find", "pacs", "--json", "-k", "ModalitiesInStudy=CT").lines[0]["values"][
            "StudyInstanceUID"
        ]
        moved = cli("move", "pacs", "--study", uid, "--to", "THIRD", "--json")
        assert moved.code == 0, moved.err
        arrived = list((tmp_path / "third").iterdir())
        assert len(arrived) == moved.json["completed"] > 0


def test_a_destination_orthanc_does_not_know_is_a_failure_in_words(
    cli: CommandLine, peer: Orthanc
) -> None:
    uid = cli("find", "pacs", "--json").lines[0]["values"]["StudyInstanceUID"]
    moved = cli("move", "pacs", "--study", uid, "--to", "NOBODY")
    assert moved.code == 1
    assert "destination" in moved.err


def studies_of(files: list[Path], number: int) -> Path:
    return next(f.parents[1] for f in files if f.parents[1].name == f"STUDY{number:02d}")


def test_dcmqrscp_is_queried_and_moved_from(
    cli: CommandLine, studies: list[Path], tmp_path: Path
) -> None:
    with dcmtk.dcmqrscp(tmp_path / "qr", {"us": ("MODALITTY", cli.port)}) as archive:
        peer = ["--aet", "DCMQRSCP", "--host", "127.0.0.1", "--port", archive.port]
        cli("modalities", "add", "qr", *peer)
        assert cli("send", "qr", studies_of(studies, 2)).code == 0
        found = cli("find", "qr", "--json", "-k", "PatientName=*")
        assert found.code == 0, found.err
        moved = cli(
            "move", *peer, "--study", found.lines[0]["values"]["StudyInstanceUID"], "--json"
        )
        assert moved.code == 0, moved.err
        assert moved.json["arrived"] == moved.json["promised"] > 0


def test_what_matches_nothing_exits_1(cli: CommandLine, peer: Orthanc) -> None:
    found = cli("find", "pacs", "-k", "PatientID=NOBODY-HAS-THIS")
    assert (found.code, found.out) == (1, "")
    assert "nothing matches" in found.err


def test_what_is_got_from_orthanc_needs_no_address_of_ours(
    cli: CommandLine, peer: Orthanc, studies: list[Path]
) -> None:
    uid = str(pydicom.dcmread(studies[0], stop_before_pixels=True).StudyInstanceUID)
    peer.know("modalitty", "MODALITTY", 1)
    got = cli("get", "pacs", "--study", uid, "--json")
    assert got.code == 0, got.err
    assert (got.json["kind"], got.json["state"]) == ("get", "done")
    assert got.json["arrived"] == got.json["promised"] > 0
    nothing = cli("get", "pacs", "--study", "1.2.3")
    assert nothing.code == 1


def test_a_modality_says_how_its_objects_come(cli: CommandLine, peer: Orthanc) -> None:
    assert cli("modalities", "edit", "pacs", "--retrieve", "get").code == 0
    assert cli("modalities", "list", "--json").json[0]["retrieve"] == "get"
    wrong = cli("modalities", "edit", "pacs", "--retrieve", "push")
    assert (wrong.code, wrong.err.count("\n")) == (2, 1)
