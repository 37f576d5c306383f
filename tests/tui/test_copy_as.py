"""Commands for a shell: quoted whatever is in them, and they run against real peers."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydicom import dcmread

from core.model import Level, Modality, Query, Ref, Root
from core.settings import TlsSettings
from core.station import Station
from core.worklist import worklist_keys
from tests.peers.dcmtk import dcmqrscp, run
from tests.peers.orthanc import Orthanc
from tests.peers.worklists import wlmscpfs
from tests.tui.console import open_station, write_studies
from tui.copy_as import (
    Ourselves,
    findscu,
    getscu,
    modalitty_find,
    modalitty_get,
    modalitty_retrieve,
    movescu,
)
from tui.levels import COLUMNS, Step

STUDY = Ref(level=Level.STUDY, patient_id="ID2", study_uid="1.2.3.2")
HOSTILE = "$(touch hacked) `touch hacked`; touch 'hacked' \"| touch hacked"


def shell(line: str, folder: Path) -> str:
    """Run a line as a person would who pastes it; what it says, both streams together."""
    # Ours comes last: pynetdicom puts a findscu of its own beside it, and DCMTK's is meant.
    path = f"/usr/bin{os.pathsep}{os.environ['PATH']}{os.pathsep}{Path(sys.executable).parent}"
    done = subprocess.run(
        ["/bin/sh", "-c", line],
        cwd=folder,
        env={**os.environ, "PATH": path, "COLUMNS": "200"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"
    return done.stdout + done.stderr


def ourselves(station: Station) -> Ourselves:
    settings = station.settings.station
    return Ourselves(settings.ae_title, settings.tls, station.config_path, station.data_folder)


@pytest.fixture
def me(tmp_path: Path) -> Iterator[Station]:
    with open_station(tmp_path / "me", "ME", None) as station:
        station.listen()
        yield station


def at(name: str, ae_title: str, port: int) -> Modality:
    return Modality(name=name, ae_title=ae_title, host="127.0.0.1", port=port)


def everything(level: Level, **keys: str) -> Query:
    return Step(level, filters=tuple(keys.items())).query()


@pytest.mark.interop
def test_a_query_runs_as_findscu_and_by_our_own_program(
    me: Station, tmp_path: Path, orthanc: Orthanc
) -> None:
    write_studies(tmp_path / "files", 2)
    orthanc.upload(*sorted((tmp_path / "files").iterdir()))
    assert me.listening
    orthanc.know("me", "ME", me.listening[1])
    peer = at("pacs one", "ORTHANC", orthanc.port)
    me.modalities.put(at("pacs", "ORTHANC", orthanc.port))
    us = ourselves(me)
    query = everything(Level.STUDY, PatientName="PATIENT*", StudyDate="20240103-")
    said = shell(findscu(us, peer, query), tmp_path)
    assert said.count("Find Response:") == 1
    assert "1.2.3.2" in said
    said = shell(modalitty_find(us, me.modalities.get("pacs"), query), tmp_path)
    assert "Patient Number 2" in said
    assert "study 1" not in said

    below = Step(Level.IMAGE, Ref(level=Level.SERIES, study_uid="1.2.3.2", series_uid="1.2.3.2.1"))
    said = shell(findscu(us, peer, below.query()), tmp_path)
    assert said.count("Find Response:") == 2
    patients = Query(level=Level.PATIENT, keys={"PatientID": "ID2"}, root=Root.PATIENT)
    assert shell(findscu(us, peer, patients), tmp_path).count("Find Response:") == 1
    own = modalitty_find(us, me.modalities.get("pacs"), patients)
    assert "ID2" in shell(own, tmp_path)


@pytest.mark.interop
def test_rows_come_by_movescu_and_getscu(me: Station, tmp_path: Path, orthanc: Orthanc) -> None:
    write_studies(tmp_path / "files", 2)
    orthanc.upload(*sorted((tmp_path / "files").iterdir()))
    assert me.listening
    orthanc.know("me", "ME", me.listening[1])
    peer = at("pacs", "ORTHANC", orthanc.port)
    me.modalities.put(peer)
    shell(movescu(ourselves(me), peer, STUDY), tmp_path)
    assert len(me.archive.instances(STUDY)) == 4
    series = Ref(level=Level.SERIES, study_uid="1.2.3.1", series_uid="1.2.3.1.2")
    folder = tmp_path / "got"
    folder.mkdir()
    shell(getscu(ourselves(me), peer, series), folder)
    got = {dcmread(path, force=True).SOPInstanceUID for path in folder.iterdir()}
    assert got == {"1.2.3.1.2.1", "1.2.3.1.2.2"}


@pytest.mark.interop
def test_rows_come_by_our_own_program(tmp_path: Path) -> None:
    write_studies(tmp_path / "files", 2)
    with open_station(tmp_path / "me", "ME", None) as me:
        port = me.settings.station.port
        with dcmqrscp(tmp_path / "qr", {"me": ("ME", port)}) as server:
            sent = run(
                "storescu", "-aec", "DCMQRSCP", "+sd", "127.0.0.1", server.port, tmp_path / "files"
            )
            assert sent.returncode == 0, sent.stdout
            peer = at("pacs", "DCMQRSCP", server.port)
            me.modalities.put(peer)
            us = ourselves(me)
            me.close()  # the folder is for the program now
            image = Ref(
                level=Level.IMAGE,
                study_uid="1.2.3.1",
                series_uid="1.2.3.1.1",
                sop_instance_uid="1.2.3.1.1.1",
            )
            shell(modalitty_retrieve(us, peer, STUDY), tmp_path)
            shell(modalitty_get(us, peer, image), tmp_path)
            query = everything(Level.STUDY, StudyDescription="*study*")
            listed = shell(modalitty_find(us, None, query), tmp_path)
            assert "1.2.3.2" in listed
            assert "1.2.3.1" in listed
            assert shell(findscu(us, peer, query), tmp_path).count("Find Response:") == 2


@pytest.mark.interop
def test_a_worklist_runs_as_findscu_and_by_our_own_program(me: Station, tmp_path: Path) -> None:
    entries = [
        {"modality": "CT", "name": "Adams^Ada"},
        {"modality": "MR", "station": "MR1", "name": "Müller^Jörg", "date": "20260116"},
    ]
    with wlmscpfs(tmp_path / "worklists", entries, "-csk", "-dfr", "-s") as server:
        ris = at("ris", "WORKLIST", server.port)
        me.modalities.put(ris)
        keys = worklist_keys({"ScheduledProcedureStepStartDate": "20260116-", "Modality": "MR"})
        query = Query(level=Level.STUDY, root=Root.WORKLIST, keys=keys)
        said = shell(findscu(ourselves(me), ris, query), tmp_path)
        assert said.count("Find Response:") == 1
        assert "MR1" in said
        said = shell(modalitty_find(ourselves(me), ris, query), tmp_path)
        assert "MR1" in said
        assert "Adams" not in said


@pytest.mark.interop
def test_hostile_values_reach_the_peer_and_not_the_shell(
    me: Station, tmp_path: Path, orthanc: Orthanc
) -> None:
    assert me.listening
    orthanc.know("me", "ME", me.listening[1])
    folder = tmp_path / "here"
    folder.mkdir()
    peer = at("pacs", "ORTHANC", orthanc.port)
    query = everything(Level.STUDY, StudyDescription=HOSTILE, PatientName="Müller\nx")
    said = shell(findscu(ourselves(me), peer, query), folder)
    assert "Find Response:" not in said
    assert list(folder.iterdir()) == []


def test_every_key_of_the_tables_is_known_to_dcmtk() -> None:
    us = Ourselves("ME", TlsSettings(), Path("c"), Path("d"))
    for level in COLUMNS:
        words = shlex.split(findscu(us, at("x", "X", 104), everything(level, StationName="A")))
        assert "(0008,1010)=A" in words
        assert words[-2:] == ["127.0.0.1", "104"]


def test_tls_goes_with_the_files_it_needs() -> None:
    tls = TlsSettings(certificate="/c.pem", ca="/ca's.pem")
    us = Ourselves("ME", tls, Path("c"), Path("d"))
    peer = Modality(name="x", ae_title="X Y", host="h", port=2762, tls=True)
    words = shlex.split(findscu(us, peer, everything(Level.STUDY)))
    at_tls = words.index("+tls")
    assert words[at_tls : at_tls + 3] == ["+tls", "/c.pem", "/c.pem"]
    assert words[words.index("+cf") + 1] == "/ca's.pem"
    assert words[words.index("-aec") + 1] == "X Y"
    anonymous = Ourselves("ME", TlsSettings(ca="/ca.pem"), Path("c"), Path("d"))
    assert "+tla" in shlex.split(movescu(anonymous, peer, STUDY))
