"""GDCM's client and the Central Test Node (CTN): makes that share no code with the others.

GDCM 3.0 dies of its own (SIGABRT) in the moment an association is released, whoever the peer is:
what it did is told by what came here. CTN is of the 1990s, and writes every PDU in two pieces.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from pydicom import dcmread

from core.events import AssociationEnded, MessageHandled
from core.model import OutcomeState
from core.network.scu import Caller
from tests.core.network.fakes import MemoryArchive, Recorder, Source, write_object
from tests.peers import dcmtk
from tests.peers.processes import Peer, eventually, free_port

pytestmark = pytest.mark.interop

needs_gdcm = pytest.mark.skipif(not shutil.which("gdcmscu"), reason="needs libgdcm-tools")
needs_ctn = pytest.mark.skipif(not shutil.which("simple_storage"), reason="needs ctn")


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    folder = tmp_path / "files"
    folder.mkdir()
    return [write_object(folder, f"1.2.3.4.{n}", kib=64) for n in range(1, 6)]


def gdcmscu(port: int, *words: object) -> str:
    titles = ("--call", "MODALITTY", "--aetitle", "GDCMSCU")
    return dcmtk.run("gdcmscu", *titles, "127.0.0.1", port, *words).stdout


def handled(recorder: Recorder, count: int = 1) -> list[tuple[str, int]]:
    """Operation and status of what was asked; the association ended in good order."""
    found = [(e.operation, e.status) for e in recorder.wait(MessageHandled, count)]
    assert {end.reason for end in recorder.wait(AssociationEnded)} == {"released by the peer"}
    return found


@needs_gdcm
def test_gdcm_echoes(port: int, recorder: Recorder) -> None:
    gdcmscu(port, "--echo")
    assert handled(recorder) == [("C-ECHO", 0)]


@needs_gdcm
def test_gdcm_stores(
    port: int, recorder: Recorder, archive: MemoryArchive, files: list[Path]
) -> None:
    gdcmscu(port, "--store", "-r", "-i", files[0].parent)
    assert handled(recorder, 5) == [("C-STORE", 0)] * 5
    sent = {path: dcmread(path) for path in files}
    got = {str(ds.SOPInstanceUID): ds for ds in archive.datasets}
    assert all(got[str(ds.SOPInstanceUID)].PixelData == ds.PixelData for ds in sent.values())


@needs_gdcm
@pytest.mark.parametrize("model", [("--patientroot", "--patient"), ("--studyroot", "--study")])
def test_gdcm_finds(
    model: tuple[str, ...],
    port: int,
    recorder: Recorder,
    files: list[Path],
) -> None:
    gdcmscu(port, "--store", "-i", files[0])
    gdcmscu(port, "--find", *model, "--key", "10,20=P1", "--key", "10,10=")
    assert handled(recorder, 2)[-1] == ("C-FIND", 0)


@needs_ctn
def test_ctn_echoes(port: int) -> None:
    done = dcmtk.run("dicom_echo", "-a", "CTN", "-c", "MODALITTY", "-r", 3, "127.0.0.1", port)
    assert done.returncode == 0, done.stdout
    assert done.stdout.count("Successful operation") == 3


@needs_ctn
def test_ctn_is_told_that_it_called_somebody_else(port: int) -> None:
    done = dcmtk.run("dicom_echo", "-a", "CTN", "-c", "WRONG", "127.0.0.1", port)
    assert "Result:  1 Source  1 Reason  7" in done.stdout


@needs_ctn
@pytest.mark.parametrize("size", [4096, 16384])
def test_ctn_stores(size: int, port: int, archive: MemoryArchive, files: list[Path]) -> None:
    titles = ("-a", "CTN", "-c", "MODALITTY")
    done = dcmtk.run("send_image", "-q", "-r", "-m", size, *titles, "127.0.0.1", port, *files)
    assert done.returncode == 0, done.stdout
    assert len(archive.instances) == 5
    assert [ds.PixelData for ds in archive.datasets] == [dcmread(p).PixelData for p in files]


class SimpleStorage(Peer):
    """CTN's storage server, which ends when somebody connects and says nothing: no probing."""

    def _up_or_dead(self) -> bool:
        return True


@needs_ctn
def test_ctn_takes_what_we_send(
    caller: Caller, settings: Source, files: list[Path], tmp_path: Path
) -> None:
    target = tmp_path / "ctn"
    target.mkdir()
    port = free_port()
    command = ["simple_storage", "-s", "-f", "-c", "SIMPLE", "-x", str(target), str(port)]
    with dcmtk.running(SimpleStorage(command, port, tmp_path / "ctn.log")):
        modality = settings.modality("simple", port)
        eventually(lambda: caller.echo(modality).ok)
        results = list(caller.store(modality, files))
        assert [result.outcome.state for result in results] == [OutcomeState.OK] * 5
        assert len([path for path in target.rglob("*") if path.is_file()]) == 5
