"""The doctor at the bedside of real peers that are set up wrongly."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.model import Verdict
from core.station import Station
from tests.core.doctor.examined import at, examined
from tests.peers import dcmtk
from tests.peers.certificates import Authority
from tests.peers.orthanc import Orthanc
from tests.tui.console import write_studies

pytestmark = pytest.mark.interop


def test_a_healthy_orthanc_has_no_fault_and_nothing_moves(me: Station, orthanc: Orthanc) -> None:
    orthanc.know("me", "ME", me.listen())
    found = examined(me, at(orthanc.port, "ORTHANC"))
    assert not [f for f in found.values() if f.verdict is Verdict.BAD], found
    assert "C-FIND (study, patient)" in found["services"].seen
    assert found["find"].verdict is Verdict.GOOD
    # It answers 0xC000 alike to whoever is to receive what does not exist.
    assert found["move"].verdict is Verdict.UNKNOWN
    assert 'AE title "ME"' in found["move"].advice
    assert me.archive.statistics().instances == 0


def test_orthanc_that_does_not_list_us_aborts_and_that_is_said(
    me: Station, orthanc: Orthanc
) -> None:
    found = examined(me, at(orthanc.port, "ORTHANC"))
    assert found["echo"].verdict is Verdict.GOOD, "it lets anybody echo"
    assert found["find"].verdict is Verdict.BAD
    assert "DicomModalities" in found["find"].advice
    assert found["move"].verdict is Verdict.BAD
    assert 'register us there: AE title "ME"' in found["move"].advice


def test_orthanc_that_minds_its_title_rejects(me: Station, tmp_path: Path) -> None:
    with Orthanc(tmp_path / "o", DicomCheckCalledAet=True) as peer:
        found = examined(me, at(peer.port, "WRONG"))
        assert found["association"].verdict is Verdict.BAD
        assert "the AE title we called is not known" in found["association"].seen


def test_dcmqrscp_looks_for_the_study_first_so_that_nothing_is_claimed(
    me: Station, tmp_path: Path
) -> None:
    with dcmtk.dcmqrscp(tmp_path / "qr", {"me": ("ME", me.listen())}) as peer:
        write_studies(tmp_path / "ct", 1)
        sent = dcmtk.run(
            "storescu", "-aec", "DCMQRSCP", "+sd", "127.0.0.1", peer.port, tmp_path / "ct"
        )
        assert sent.returncode == 0, sent.stdout
        found = examined(me, at(peer.port, "DCMQRSCP"))
    assert found["find"].verdict is Verdict.GOOD
    assert found["move"].verdict is Verdict.UNKNOWN
    assert "whatever the destination" in found["move"].seen
    assert me.archive.statistics().instances == 0


def test_dcmqrscp_called_by_a_wrong_title_is_told(me: Station, tmp_path: Path) -> None:
    with dcmtk.dcmqrscp(tmp_path / "qr", {"me": ("ME", 9)}) as peer:
        found = examined(me, at(peer.port, "WRONG"))
    assert found["association"].verdict is Verdict.BAD
    assert "rest" in found


def test_a_storescp_is_no_archive_and_that_is_no_fault(me: Station, tmp_path: Path) -> None:
    with dcmtk.storescp(tmp_path / "scp") as peer:
        found = examined(me, at(peer.port, "STORESCP"))
    assert found["services"].verdict is Verdict.GOOD
    assert "objects" in found["services"].seen
    assert any(line.startswith("C-FIND") for line in found["services"].details)
    assert "find" not in found
    assert "move" not in found


def test_a_peer_that_expects_tls_is_told_from_one_that_hangs(me: Station, tmp_path: Path) -> None:
    authority = Authority(tmp_path / "pki")
    own = authority.issue("peer")
    words = ("+tls", own.key, own.certificate, "+cf", authority.certificate)
    with dcmtk.storescp(tmp_path / "scp", *map(str, words)) as peer:
        found = examined(me, at(peer.port, "STORESCP"))
        assert found["association"].verdict is Verdict.BAD
        told = f"{found['association']}{found.get('speaks')}"
        assert "set tls = true" in told

        me.change("station.tls.ca", str(authority.certificate))
        me.change("station.tls.certificate", str(own.certificate))
        me.change("station.tls.key", str(own.key))
        found = examined(me, at(peer.port, "STORESCP", tls=True))
        assert found["tls"].verdict is Verdict.GOOD
        assert found["echo"].verdict is Verdict.GOOD


def test_a_plain_peer_that_is_called_by_tls_is_told(me: Station, tmp_path: Path) -> None:
    me.change("station.tls.ca", str(Authority(tmp_path / "pki").certificate))
    with dcmtk.storescp(tmp_path / "scp") as peer:
        found = examined(me, at(peer.port, "STORESCP", tls=True))
    assert found["tls"].verdict is Verdict.BAD
    assert "tls = false" in found["tls"].advice
