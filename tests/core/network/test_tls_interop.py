"""TLS with DCMTK and Orthanc, in both directions, with and without certificates of both sides."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.events import AssociationOpened, AssociationRejected
from core.model import Level, Modality, OutcomeState, Query, Ref
from core.network.listener import Listener
from core.network.scu import Caller
from core.settings import TlsListen
from tests.core.network.fakes import MemoryArchive, Recorder, Source, source, write_object
from tests.core.network.secured import Pki
from tests.peers import dcmtk
from tests.peers.certificates import Certificate
from tests.peers.orthanc import Orthanc

pytestmark = pytest.mark.interop


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    return Pki(tmp_path_factory.mktemp("pki"))


@pytest.fixture
def settings(pki: Pki) -> Source:
    return source(tls=pki.settings())


@pytest.fixture
def tls_port(listener: Listener) -> int:
    assert listener.tls_address is not None
    return listener.tls_address[1]


def _options(pki: Pki, own: Certificate, *more: str) -> tuple[str, ...]:
    """DCMTK's words for a certificate, and for our CA as the one to trust."""
    words = ("+tls", own.key, own.certificate, "+cf", pki.ours.certificate)
    return (*map(str, words), *more)


def _scu(tool: str, port: int, options: tuple[str, ...], *rest: object) -> tuple[int, str]:
    done = dcmtk.run(
        tool, *options, "-v", "-aet", "DCMTK", "-aec", "MODALITTY", "127.0.0.1", port, *rest
    )
    return done.returncode, done.stdout


# -- DCMTK calls us


@pytest.mark.parametrize("checks", ["--require-peer-cert", "--ignore-peer-cert"])
def test_dcmtk_echoes_stores_and_finds(
    checks: str,
    tls_port: int,
    pki: Pki,
    archive: MemoryArchive,
    recorder: Recorder,
    tmp_path: Path,
) -> None:
    options = _options(pki, pki.peer, checks)
    code, text = _scu("echoscu", tls_port, options)
    assert code == 0, text
    files = [write_object(tmp_path, f"1.2.3.4.{n}", kib=500) for n in range(3)]
    code, text = _scu("storescu", tls_port, options, *files)
    assert code == 0, text
    assert len(archive.instances) == 3
    keys = ("-S", "-k", "QueryRetrieveLevel=STUDY", "-k", "StudyInstanceUID")
    code, text = _scu("findscu", tls_port, (*options, *keys))
    assert code == 0, text
    assert "1.2.3" in text
    assert all(" ct1" in e.association.tls for e in recorder.of(AssociationOpened))


def test_dcmtk_of_a_foreign_ca_is_refused(tls_port: int, pki: Pki, recorder: Recorder) -> None:
    code, _ = _scu("echoscu", tls_port, _options(pki, pki.stranger))
    assert code != 0
    assert "no CA that we trust" in recorder.wait(AssociationRejected)[0].reason


def test_dcmtk_without_certificate(
    tls_port: int, settings: Source, pki: Pki, recorder: Recorder
) -> None:
    anonymous = ("+tla", "+cf", str(pki.ours.certificate))
    code, _ = _scu("echoscu", tls_port, anonymous)
    assert code != 0
    assert "showed no certificate" in recorder.wait(AssociationRejected)[0].reason
    settings.station(tls=pki.settings(require_client_certificate=False))
    code, text = _scu("echoscu", tls_port, anonymous)
    assert code == 0, text


def test_dcmtk_at_the_wrong_port(port: int, tls_port: int, pki: Pki, recorder: Recorder) -> None:
    assert _scu("echoscu", port, _options(pki, pki.peer))[0] != 0
    assert recorder.wait(AssociationRejected)[0].reason == "speaks TLS to our plain port"
    assert _scu("echoscu", tls_port, ())[0] != 0
    assert "speaks no TLS" in recorder.wait(AssociationRejected, 2)[1].reason


def test_dcmtk_moves_to_a_tls_listener(
    port: int,
    tls_port: int,
    pki: Pki,
    settings: Source,
    caller: Caller,
    archive: MemoryArchive,
    tmp_path: Path,
) -> None:
    """movescu, which has no TLS, asks us; we send to a storescp that wants our certificate."""
    me = settings.modality("me", tls_port, ae_title="MODALITTY", tls=True)
    files = [write_object(tmp_path, f"1.2.3.4.{n}", kib=64) for n in range(3)]
    assert all(r.outcome.ok for r in caller.store(me, files))
    with dcmtk.storescp(tmp_path / "in", *_options(pki, pki.peer, "-rc")) as peer:
        settings.modality("storescp", peer.port, tls=True)
        keys = ("-S", "-k", "QueryRetrieveLevel=STUDY", "-k", "StudyInstanceUID=1.2.3")
        code, text = _scu("movescu", port, (*keys, "-aem", "STORESCP"))
    assert code == 0, text
    assert len(list((tmp_path / "in").iterdir())) == 3


# -- we call DCMTK


@pytest.mark.parametrize("profile", ["+py", "+px", "+pz"])
def test_we_send_to_each_profile_of_dcmtk(
    profile: str, pki: Pki, settings: Source, caller: Caller, tmp_path: Path
) -> None:
    path = write_object(tmp_path, "1.2.3.4", kib=2000)
    options = _options(pki, pki.peer, "--require-peer-cert", profile)
    with dcmtk.storescp(tmp_path / "in", *options) as peer:
        modality = settings.modality("storescp", peer.port, tls=True)
        outcome = caller.echo(modality)
        assert outcome.ok, outcome
        (result,) = caller.store(modality, [path])
    assert result.outcome.ok
    (got,) = (tmp_path / "in").iterdir()
    assert path.read_bytes()[-2_048_000:] == got.read_bytes()[-2_048_000:]


def test_dcmtk_does_not_trust_us(
    pki: Pki, settings: Source, caller: Caller, tmp_path: Path
) -> None:
    stranger = pki.stranger
    settings.station(tls=pki.settings(certificate=str(stranger.certificate), key=str(stranger.key)))
    with dcmtk.storescp(tmp_path / "in", *_options(pki, pki.peer)) as peer:
        outcome = caller.echo(settings.modality("storescp", peer.port, tls=True))
    assert outcome.state in (OutcomeState.REJECTED, OutcomeState.ABORTED)
    assert "certificate" in outcome.meaning + outcome.advice


def test_we_need_no_certificate_where_dcmtk_asks_for_none(
    pki: Pki, settings: Source, caller: Caller, tmp_path: Path
) -> None:
    settings.station(tls=pki.settings(listen=TlsListen.OFF, certificate="", key=""))
    with dcmtk.storescp(tmp_path / "in", *_options(pki, pki.peer, "-ic")) as peer:
        assert caller.echo(settings.modality("storescp", peer.port, tls=True)).ok


def test_plain_and_tls_are_told_apart(
    pki: Pki, settings: Source, caller: Caller, tmp_path: Path
) -> None:
    settings.station(acse_timeout=2.0)
    with (
        dcmtk.storescp(tmp_path / "plain") as plain,
        dcmtk.storescp(tmp_path / "tls", *_options(pki, pki.peer)) as secure,
    ):
        outcome = caller.echo(settings.modality("storescp", plain.port, tls=True))
        assert not outcome.ok
        assert "plain" in outcome.advice or "no TLS" in outcome.meaning
        outcome = caller.echo(settings.modality("storescp", secure.port))
        assert not outcome.ok
        assert "TLS" in outcome.meaning + outcome.advice


# -- Orthanc


@pytest.fixture(scope="module")
def orthanc(pki: Pki, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Orthanc]:
    """An Orthanc whose DICOM port speaks TLS, and wants the certificate of its callers."""
    folder = tmp_path_factory.mktemp("peer") / "orthanc"
    settings = {
        "DicomTlsEnabled": True,
        "DicomTlsCertificate": str(pki.peer.certificate),
        "DicomTlsPrivateKey": str(pki.peer.key),
        "DicomTlsTrustedCertificates": str(pki.ours.certificate),
        "DicomTlsRemoteCertificateRequired": True,
    }
    with Orthanc(folder, **settings) as peer:
        yield peer


@pytest.fixture
def pacs(orthanc: Orthanc, settings: Source, tls_port: int) -> Modality:
    us = {"AET": "MODALITTY", "Host": "127.0.0.1", "Port": tls_port, "UseDicomTls": True}
    orthanc.rest("/modalities/us", us, method="PUT")
    return settings.modality("orthanc", orthanc.port, tls=True)


def test_orthanc_round_trip(
    pacs: Modality,
    orthanc: Orthanc,
    caller: Caller,
    archive: MemoryArchive,
    recorder: Recorder,
    tmp_path: Path,
) -> None:
    outcome = caller.echo(pacs)
    assert outcome.ok, outcome
    files = [write_object(tmp_path, f"1.2.3.4.{n}", kib=500) for n in range(3)]
    assert all(r.outcome.ok for r in caller.store(pacs, files))
    *found, outcome = caller.find(pacs, Query(level=Level.STUDY, keys={"StudyInstanceUID": ""}))
    assert outcome.ok
    assert [m.values["StudyInstanceUID"] for m in found] == ["1.2.3"]
    ref = Ref(level=Level.STUDY, study_uid="1.2.3")
    last = list(caller.move(pacs, ref, "MODALITTY", message_id=7))[-1]
    assert last.outcome is not None
    assert last.outcome.ok, last
    assert len(archive.instances) == 3
    opened = [event.association for event in recorder.of(AssociationOpened)]
    assert all(about.tls for about in opened)
    assert [about.peer for about in opened if not about.outgoing] == ["ORTHANC"]


def test_orthanc_calls_us(
    pacs: Modality, orthanc: Orthanc, archive: MemoryArchive, tmp_path: Path
) -> None:
    orthanc.upload(write_object(tmp_path, "1.2.3.9", kib=64))
    assert orthanc.rest("/modalities/us/echo", {}) == {}
    orthanc.rest("/modalities/us/store", orthanc.rest("/instances"))
    assert archive.instances


def test_orthanc_called_without_tls(orthanc: Orthanc, settings: Source, caller: Caller) -> None:
    settings.station(acse_timeout=2.0)
    outcome = caller.echo(settings.modality("orthanc", orthanc.port))
    assert not outcome.ok
    assert "TLS" in outcome.meaning + outcome.advice
