"""Files of [station.tls] that cannot be used: one line names the file and the mend."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from core.errors import SettingsError
from core.network import credentials
from tests.core.network.secured import Pki
from tests.peers.certificates import have_openssl, with_password

pytestmark = pytest.mark.skipif(not have_openssl(), reason="openssl makes the certificates")


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    return Pki(tmp_path_factory.mktemp("pki"))


def _fault(pki: Pki, **changes: object) -> str:
    with pytest.raises(SettingsError) as caught:
        credentials.server_context(pki.settings(**changes))
    assert "\n" not in str(caught.value)
    assert caught.value.hint
    return caught.value.message


@pytest.mark.parametrize("field", ["certificate", "key", "ca"])
def test_a_file_that_is_not_there(pki: Pki, field: str) -> None:
    text = _fault(pki, **{field: "/nowhere/x.pem"})
    assert text == f"station.tls.{field}: /nowhere/x.pem: No such file or directory"


@pytest.mark.parametrize("field", ["certificate", "key", "ca"])
def test_a_file_of_something_else(pki: Pki, field: str, tmp_path: Path) -> None:
    path = tmp_path / "x.pem"
    path.write_bytes(b"\x30\x82\x01\x0a" + bytes(range(256)))
    assert f"station.tls.{field}: {path}: no PEM" in _fault(pki, **{field: str(path)})


@pytest.mark.parametrize("field", ["certificate", "ca"])
def test_a_damaged_certificate(pki: Pki, field: str, tmp_path: Path) -> None:
    path = tmp_path / "x.pem"
    lines = pki.us.certificate.read_text().splitlines()
    path.write_text("\n".join(lines[:3] + lines[-1:]))
    assert f"station.tls.{field}: {path}" in _fault(pki, **{field: str(path)})


def test_a_folder_in_place_of_a_file(pki: Pki, tmp_path: Path) -> None:
    assert "Is a directory" in _fault(pki, key=str(tmp_path))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_we_may_not_read(pki: Pki, tmp_path: Path) -> None:
    path = tmp_path / "x.key"
    path.write_text("x")
    path.chmod(0)
    assert "Permission denied" in _fault(pki, key=str(path))


def test_a_key_of_another_certificate(pki: Pki) -> None:
    text = _fault(pki, key=str(pki.peer.key))
    assert "station.tls.key" in text
    assert "does not belong to station.tls.certificate" in text


def test_a_key_under_a_password_is_not_asked_for(pki: Pki, tmp_path: Path) -> None:
    path = with_password(pki.us, tmp_path / "locked.key")
    assert f"station.tls.key: {path}: the private key has a password" in _fault(pki, key=str(path))


def test_a_certificate_that_has_expired(pki: Pki) -> None:
    expired = pki.expired
    text = _fault(pki, certificate=str(expired.certificate), key=str(expired.key))
    assert text == f"station.tls.certificate: {expired.certificate}: it has expired"


def test_a_key_too_short_for_today(pki: Pki) -> None:
    weak = pki.ours.issue("weak", key=("-newkey", "rsa:1024"))
    assert "too weak" in _fault(pki, certificate=str(weak.certificate), key=str(weak.key))


def test_rsa_will_do(pki: Pki) -> None:
    rsa = pki.ours.issue("rsa", key=("-newkey", "rsa:2048"))
    credentials.server_context(pki.settings(certificate=str(rsa.certificate), key=str(rsa.key)))


def test_key_and_certificate_in_one_file(pki: Pki, tmp_path: Path) -> None:
    path = tmp_path / "both.pem"
    path.write_bytes(pki.us.key.read_bytes() + pki.us.certificate.read_bytes())
    credentials.server_context(pki.settings(certificate=str(path), key=""))
    assert "no PEM private key" in _fault(pki, key="")


def test_a_path_at_home(pki: Pki, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(pki.folder))
    credentials.server_context(
        pki.settings(certificate="~/ours/modalitty.pem", key="~/ours/modalitty.key")
    )


def test_nothing_is_trusted_unless_named(pki: Pki) -> None:
    with pytest.raises(SettingsError, match=r"station\.tls\.ca: missing"):
        credentials.client_context(pki.settings(ca=""), check_name=False)
    assert "station.tls.ca: missing" in _fault(pki, ca="")


def test_the_files_are_read_once_while_they_stay_as_they_are(pki: Pki) -> None:
    tls = pki.settings()
    assert credentials.server_context(tls) is credentials.server_context(tls)
    assert credentials.server_context(tls) is not credentials.client_context(tls, check_name=False)


def test_only_what_bcp_195_recommends_is_offered(pki: Pki) -> None:
    context = credentials.client_context(pki.settings(), check_name=False)
    names = {cipher["name"] for cipher in context.get_ciphers()}
    assert names
    for name in names:
        assert name.startswith(("TLS_", "ECDHE-")), name
        assert "GCM" in name or "CHACHA20" in name, name
