"""TLS from the command line: two stations that trust each other, and one that nobody trusts."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.settings_file import SettingsStore
from tests.core.network.secured import Pki
from tests.peers.certificates import Certificate, have_openssl
from tests.peers.processes import free_port
from tests.tui.commandline import CommandLine

pytestmark = pytest.mark.skipif(not have_openssl(), reason="openssl makes the certificates")
SERVE = "import sys; from tui.cli import main; sys.argv[0] = 'modalitty'; main()"


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    return Pki(tmp_path_factory.mktemp("pki"))


def _secure(cli: CommandLine, pki: Pki, own: Certificate) -> SettingsStore:
    store = SettingsStore.open(cli.config)
    store.change("station.tls.certificate", str(own.certificate))
    store.change("station.tls.key", str(own.key))
    store.change("station.tls.ca", str(pki.ours.certificate))
    return store


@pytest.fixture
def cli(tmp_path: Path) -> CommandLine:
    return CommandLine(tmp_path)


@pytest.fixture
def server(tmp_path: Path, pki: Pki) -> Iterator[int]:
    """`modalitty serve` that takes nothing but TLS; its port."""
    folder = tmp_path / "server"
    folder.mkdir()
    serving = CommandLine(folder, "SERVER")
    store = _secure(serving, pki, pki.peer)
    port = free_port()
    store.change("station.tls.port", port)
    store.change("station.tls.listen", "only")
    process = subprocess.Popen(
        [sys.executable, "-c", SERVE, *serving.words("serve")],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    try:
        told = process.stdout.readline().strip()
        assert told == f"SERVER listens on 127.0.0.1:{port}, by TLS on {port}"
        yield port
    finally:
        process.terminate()
        assert process.wait(10) == 0
        process.stdout.close()


def _add(cli: CommandLine, port: int, *more: object) -> tuple[int, str]:
    words = ("--aet", "SERVER", "--host", "127.0.0.1", "--port", port, *more)
    said = cli("modalities", "add", "server", *words)
    return said.code, said.err


def test_a_modality_by_tls_needs_a_ca(cli: CommandLine, pki: Pki) -> None:
    code, err = _add(cli, 2762, "--tls")
    assert code == 2
    assert "station.tls.ca: missing, and server is called by TLS" in err
    assert len(err.splitlines()) == 1
    assert cli("modalities", "list", "--json").json == []
    _secure(cli, pki, pki.us)
    assert _add(cli, 2762, "--tls-host-name", "ct1.test")[0] == 2, "a name, but no TLS"
    assert _add(cli, 2762, "--tls", "--tls-host-name", "ct1.test")[0] == 0
    (known,) = cli("modalities", "list", "--json").json
    assert (known["tls"], known["tls_host_name"]) == (True, "ct1.test")
    assert "2762 TLS" in cli("modalities", "list").out
    assert cli("modalities", "edit", "server", "--no-tls").code == 0
    (known,) = cli("modalities", "list", "--json").json
    assert (known["tls"], known["tls_host_name"]) == (False, "")


def test_an_echo_by_tls(cli: CommandLine, pki: Pki, server: int) -> None:
    _secure(cli, pki, pki.us)
    assert _add(cli, server, "--tls")[0] == 0
    said = cli("echo", "server")
    assert said.code == 0, said.err
    assert cli("modalities", "edit", "server", "--tls-host-name", "other.test").code == 0
    said = cli("echo", "server")
    assert said.code == 3
    assert "for another name" in said.err
    assert "tls_host_name" in said.err
    assert cli("modalities", "edit", "server", "--no-tls").code == 0
    assert cli("echo", "server").code == 3


def test_a_peer_that_is_described_on_the_spot_may_be_called_by_tls(
    cli: CommandLine, pki: Pki, server: int
) -> None:
    words = ("--aet", "SERVER", "--host", "127.0.0.1", "--port", server)
    assert cli("echo", *words, "--tls").code == 2, "there is no CA in the configuration"
    _secure(cli, pki, pki.us)
    said = cli("echo", *words, "--tls")
    assert said.code == 0, said.err
    assert cli("echo", *words).code == 3, "it takes nothing but TLS"
    said = cli("find", *words, "--tls", "--tls-host-name", "other.test")
    assert said.code == 3
    assert "for another name" in said.err
    assert cli("echo", *words, "--tls-host-name", "other.test").code == 2, "a name, but no TLS"
    assert cli("echo", "server", "--tls").code == 2, "a name brings its own options"


def test_nobody_trusts_us(cli: CommandLine, pki: Pki, server: int) -> None:
    _secure(cli, pki, pki.stranger)
    assert _add(cli, server, "--tls")[0] == 0
    said = cli("echo", "server", "--json")
    assert said.code == 3
    assert said.json["state"] == "rejected"
    assert "refuses our certificate" in said.json["meaning"]


def test_a_key_that_does_not_fit_is_told_in_one_line(
    cli: CommandLine, pki: Pki, server: int
) -> None:
    store = _secure(cli, pki, pki.us)
    assert _add(cli, server, "--tls")[0] == 0
    store.change("station.tls.key", str(pki.peer.key))
    said = cli("echo", "server")
    assert said.code == 2
    assert f"station.tls.key: {pki.peer.key}: this private key does not belong" in said.err
    store.change("station.tls.listen", "on")
    said = cli("serve")
    assert said.code == 2
    assert "cannot listen for TLS: station.tls.key" in said.err
    assert "\n" not in said.err.strip()
