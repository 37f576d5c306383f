"""`modalitty commit` and `send --commit` against Orthanc and pynetdicom, and Orthanc asking us."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from pathlib import Path

import pydicom
import pytest

from core.demo.studies import write_studies
from core.model import JobState, Level, Modality, Query, Ref
from core.network.commitment import promises
from core.settings_file import SettingsStore
from core.station import Station
from tests.core.test_transfers import as_modality, station_at
from tests.peers.orthanc import Orthanc
from tests.peers.processes import eventually, free_port
from tests.tui.commandline import CommandLine


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return write_studies(tmp_path_factory.mktemp("studies"), datetime.date(2026, 1, 15))


@pytest.fixture
def cli(tmp_path: Path) -> CommandLine:
    return CommandLine(tmp_path)


@pytest.fixture
def pacs(tmp_path: Path, cli: CommandLine) -> Iterator[Station]:
    """A station of our own, that knows the command line's and is known to it."""
    with station_at(tmp_path / "pacs", "PACS") as station:
        console = Modality(name="console", ae_title="MODALITTY", host="127.0.0.1", port=cli.port)
        station.modalities.put(console)
        peer = as_modality(station, "pacs")
        said = cli(
            "modalities", "add", "pacs", "--aet", "PACS", "--host", peer.host, "--port", peer.port
        )
        assert said.code == 0, said.err
        yield station


def test_send_and_commit_in_one_breath(cli: CommandLine, pacs: Station, files: list[Path]) -> None:
    said = cli("send", "pacs", *files[:3], "--commit", "--json")
    assert said.code == 0, said.err
    sent, committed = said.lines
    assert (sent["kind"], sent["arrived"]) == ("send", 3)
    assert (committed["kind"], committed["state"], committed["arrived"]) == ("commit", "done", 3)


def test_what_the_peer_lost_is_named(cli: CommandLine, pacs: Station, files: list[Path]) -> None:
    assert cli("import", *files[:3]).code == 0
    assert cli("send", "pacs", *files[:3]).code == 0
    lost = pydicom.dcmread(files[0]).SOPInstanceUID
    ref = Ref(level=Level.IMAGE, sop_instance_uid=lost)
    Path(pacs.archive.instances(ref)[0].path).unlink()
    uids = [str(pydicom.dcmread(file).SOPInstanceUID) for file in files[:3]]
    said = cli("commit", "pacs", *uids)
    assert said.code == 4
    assert "2 of 3 objects" in said.out
    assert lost in said.err
    assert "does not hold it" in said.err


def test_commit_beside_a_running_station_hears_the_same_association(
    cli: CommandLine, pacs: Station, files: list[Path]
) -> None:
    assert cli("import", *files[:2]).code == 0
    assert cli("send", "pacs", *files[:2]).code == 0
    uid = str(pydicom.dcmread(files[0]).StudyInstanceUID)
    with Station.open(SettingsStore.open(cli.config), cli.data) as console:
        console.listen()
        said = cli("commit", "pacs", uid, "--json")
    assert said.code == 0, said.err
    assert said.json["state"] == "done"


def test_a_peer_without_the_service_says_so(cli: CommandLine, files: list[Path]) -> None:
    assert cli("import", *files[:1]).code == 0
    gone = free_port()
    cli("modalities", "add", "gone", "--aet", "GONE", "--host", "127.0.0.1", "--port", gone)
    uid = pydicom.dcmread(files[0]).SOPInstanceUID
    said = cli("commit", "gone", uid)
    assert said.code == 3
    assert "refused" in said.err
    nothing = cli("commit", "gone", "1.2.3.4")
    assert nothing.code == 1
    assert "Traceback" not in nothing.err


# -- Orthanc


@pytest.fixture
def known(cli: CommandLine, orthanc: Orthanc) -> Orthanc:
    orthanc.know("modalitty", "MODALITTY", cli.port)
    added = cli(
        "modalities", "add", "orthanc", "--aet", "ORTHANC", "--host", "127.0.0.1",
        "--port", orthanc.port,
    )  # fmt: skip
    assert added.code == 0, added.err
    return orthanc


@pytest.mark.interop
def test_orthanc_commits_to_what_it_holds(
    cli: CommandLine, known: Orthanc, files: list[Path]
) -> None:
    assert cli("import", *files[:3]).code == 0
    known.upload(*files[:2])
    uids = [str(pydicom.dcmread(file).SOPInstanceUID) for file in files[:3]]
    said = cli("commit", "orthanc", *uids, "--json")
    assert said.code == 4, said.err
    assert (said.json["arrived"], said.json["promised"]) == (2, 3)
    assert said.json["failures"] == [{"what": uids[2], "why": "the peer does not hold it"}]


@pytest.mark.interop
def test_orthanc_asks_us_and_gets_its_report(
    tmp_path: Path, orthanc: Orthanc, files: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(promises, "DELAYS", (0.1, 0.5, 1.0))
    with station_at(tmp_path / "ours", "OURS") as ours:
        orthanc.know("ours", "OURS", ours.settings.station.port)
        ours.modalities.put(
            Modality(name="orthanc", ae_title="ORTHANC", host="127.0.0.1", port=orthanc.port)
        )
        assert ours.jobs.wait(ours.jobs.import_files(files[:2]).id, 30).state is JobState.DONE
        held = list(map(pydicom.dcmread, files[:3]))
        asked = {
            "DicomInstances": [
                {"SOPClassUID": str(ds.SOPClassUID), "SOPInstanceUID": str(ds.SOPInstanceUID)}
                for ds in held
            ]
        }
        answer = orthanc.rest("/modalities/ours/storage-commitment", asked)
        path = answer["Path"]
        eventually(lambda: orthanc.rest(path)["Status"] != "Pending", what="Orthanc's report")
        report = orthanc.rest(path)
        assert list(ours.archive.list(Query(level=Level.STUDY)))
    assert report["Status"] == "Failure"
    assert {one["SOPInstanceUID"] for one in report["Success"]} == {
        str(ds.SOPInstanceUID) for ds in held[:2]
    }
    assert [(f["SOPInstanceUID"], f["FailureReason"]) for f in report["Failures"]] == [
        (str(held[2].SOPInstanceUID), 0x0112)
    ]
