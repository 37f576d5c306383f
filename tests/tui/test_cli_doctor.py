"""`modalitty doctor` and `modalitty modalities import`: what they print, and how they exit."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.core.doctor.examined import server, speak_http
from tests.peers.orthanc import Orthanc
from tests.peers.processes import free_port
from tests.tui.commandline import CommandLine
from tests.tui.console import HOSTILE


@pytest.fixture
def cli(tmp_path: Path) -> CommandLine:
    return CommandLine(tmp_path)


def _at(port: int, aet: str = "PEER") -> tuple[object, ...]:
    return ("--aet", aet, "--host", "127.0.0.1", "--port", port)


def test_a_closed_port_exits_3_and_says_what_to_do(cli: CommandLine) -> None:
    said = cli("doctor", *_at(free_port()))
    assert said.code == 3
    assert "✖ TCP" in said.out
    assert "→ Check the port" in said.out
    assert "? Not tried" in said.out


def test_json_is_one_finding_per_line(cli: CommandLine) -> None:
    with server(speak_http) as port:
        said = cli("doctor", *_at(port), "--json")
    assert said.code == 3
    found = {line["check"]: line for line in said.lines}
    assert list(found)[:3] == ["name", "tcp", "association"]
    assert found["speaks"]["verdict"] == "bad"
    assert found["tcp"]["verdict"] == "good"


def test_no_peer_is_a_usage_error(cli: CommandLine) -> None:
    assert cli("doctor").code == 2
    assert cli("doctor", "nobody").code == 2


@pytest.mark.interop
def test_a_healthy_link_exits_0(cli: CommandLine, orthanc: Orthanc) -> None:
    orthanc.know("modalitty", "MODALITTY", cli.port)
    said = cli("doctor", *_at(orthanc.port, "ORTHANC"))
    assert said.code == 0, said.out
    assert "● C-FIND" in said.out


@pytest.mark.interop
def test_a_refused_query_exits_3(cli: CommandLine, orthanc: Orthanc) -> None:
    said = cli("doctor", *_at(orthanc.port, "ORTHANC"))
    assert said.code == 3
    assert "DicomModalities" in said.out


def test_import_takes_what_is_new_and_replaces_only_where_told(
    cli: CommandLine, tmp_path: Path
) -> None:
    file = tmp_path / "orthanc.json"
    file.write_text('{"DicomModalities": {"ct1": ["CT1", "10.0.0.7", 104]}} // ours')
    dry = cli("modalities", "import", file, "--dry-run")
    assert (dry.code, "new" in dry.out) == (0, True)
    assert cli("modalities", "list", "--json").json == []
    assert cli("modalities", "import", file).code == 0
    assert cli("modalities", "list", "--json").json[0]["host"] == "10.0.0.7"
    assert cli("modalities", "import", file).code == 0, "the same again is no fault"

    file.write_text('{"DicomModalities": {"ct1": ["CT1", "10.0.0.8", 104]}}')
    clash = cli("modalities", "import", file, "--json")
    assert clash.code == 4
    assert clash.lines[0]["fate"] == "clash"
    assert "--replace" in clash.err
    assert cli("modalities", "list", "--json").json[0]["host"] == "10.0.0.7"
    assert cli("modalities", "import", file, "--replace").code == 0
    assert cli("modalities", "list", "--json").json[0]["host"] == "10.0.0.8"


def test_import_of_what_is_no_such_file_is_one_line(cli: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"\x7fELF\0")
    said = cli("modalities", "import", tmp_path / "binary")
    assert said.code == 2
    assert said.err.count("\n") == 1
    assert said.out == ""


def test_import_of_hostile_text_obeys_nothing(cli: CommandLine, tmp_path: Path) -> None:
    file = tmp_path / "dcmqrscp.cfg"
    file.write_text(f'HostTable BEGIN\n"{HOSTILE}" = (A, h\x1b[2J, 104)\nHostTable END\n')
    said = cli("modalities", "import", file, "--dry-run")
    assert "\x1b" not in said.out + said.err
    read_only = cli("--read-only", "modalities", "import", file)
    assert read_only.code == 2
