"""A configuration that cannot be used: exit code 2, and one line with file, key and the mend."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.faults.served import Served, one_line
from tests.tui.commandline import CommandLine


@pytest.fixture
def cli(tmp_path: Path) -> CommandLine:
    return CommandLine(tmp_path)


MODALITY = '[modalities.ct1]\nae_title = "CT1"\nhost = "h"\nport = 104\n'
FAULTS = {
    "port 0": ("[station]\nport = 0\n", "station.port"),
    "port 70000": ("[station]\nport = 70000\n", "station.port"),
    "port -1": ("[station]\nport = -1\n", "station.port"),
    "port in words": ('[station]\nport = "11112"\n', "station.port"),
    "port as a fraction": ("[station]\nport = 104.5\n", "station.port"),
    "port beyond 64 bits": ("[station]\nport = 99999999999999999999999\n", "station.port"),
    "17 bytes": ('[station]\nae_title = "SEVENTEEN_LETTERS"\n', "station.ae_title"),
    "17 bytes of 6 letters": ('[station]\nae_title = "日本日本日本"\n', "station.ae_title"),
    "no title": ('[station]\nae_title = "   "\n', "station.ae_title"),
    "title to obey": ('[station]\nae_title = "A\\u001b[2J"\n', "station.ae_title"),
    "title with backslash": ('[station]\nae_title = "A\\\\B"\n', "station.ae_title"),
    "title as number": ("[station]\nae_title = 5\n", "station.ae_title"),
    "section as value": ("station = 5\n", "station"),
    "section as list": ("[[station]]\nport = 104\n", "station"),
    "unknown section": ("[statoin]\n", "statoin"),
    "unknown key": ("[station.accept]\nunknown_caller = 'accept'\n", "unknown_callers"),
    "unknown choice": ("[archive]\nduplicates = 'first'\n", "keep-first"),
    "time of nothing": ("[station]\ndimse_timeout = 0\n", "station.dimse_timeout"),
    "time without end": ("[station]\ndimse_timeout = inf\n", "station.dimse_timeout"),
    "time that is no number": ("[station]\ndimse_timeout = nan\n", "station.dimse_timeout"),
    "negative quota": ("[archive]\nquota_mib = -1\n", "archive.quota_mib"),
    "PDU of 0": ("[station]\nmax_pdu = 0\n", "station.max_pdu"),
    "list as text": ("[station.accept]\nsop_classes = '*'\n", "station.accept.sop_classes"),
    "list of numbers": ("[station.accept]\nsop_classes = [1]\n", "station.accept.sop_classes"),
    "host of nothing": ('[station]\nhost = ""\n', "station.host"),
    "host with NUL": ('[station]\nhost = "a\\u0000b"\n', "station.host"),
    "folder with NUL": ('[archive]\nfolder = "/tmp/a\\u0000b"\n', "archive.folder"),
    "two of one name": (MODALITY + MODALITY, "ct1"),
    "a key twice": ("[station]\nport = 104\nport = 105\n", "line 3"),
    "modality without host": ('[modalities.a]\nae_title = "A"\nport = 1\n', "modalities.a.host"),
    "modality at port 0": (MODALITY.replace("104", "0"), "modalities.ct1.port"),
    "modality at port 70000": (MODALITY.replace("104", "70000"), "modalities.ct1.port"),
    "modality as value": ("[modalities]\na = 1\n", "modalities.a"),
    "modalities as value": ("modalities = 1\n", "modalities"),
    "modalities as list": ("[[modalities]]\nport = 1\n", "modalities"),
    "name to obey": ('[modalities."\\u001b[2J"]\n' + MODALITY.split("\n", 1)[1], "modalities"),
    "name as markup": ('[modalities."[/b]"]\n' + MODALITY.split("\n", 1)[1], "modalities.[/b]"),
    "host with spaces": (MODALITY.replace('"h"', '"a b"'), "modalities.ct1.host"),
    "allow what is not": (MODALITY + 'allow = ["eccho"]\n', "modalities.ct1.allow"),
    "half a line": ("[station\n", "TOML"),
    "garbage": ("\x00\x01\x02", "TOML"),
    "deep": ("a = " + "[" * 5000, "TOML"),
    "key to obey": ('[station]\n"\\u001b]0;x\\u0007" = 1\n', "unknown key"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_it_is_said_in_one_line(cli: CommandLine, name: str) -> None:
    text, part = FAULTS[name]
    cli.config.write_text(text)
    said = cli("list")
    assert said.code == 2, said
    assert said.out == ""
    one_line(said.err, str(cli.config), part)
    assert not cli.data.exists(), "a folder was made for a station that cannot be"


def test_every_verb_says_the_same(cli: CommandLine) -> None:
    cli.config.write_text("[station]\nport = 70000\n")
    here = str(cli.config)
    verbs = (
        ("serve",),
        (),
        ("echo", "x"),
        ("find", "x"),
        ("move", "x", "--study", "1"),
        ("send", "x", here),
        ("lookup", "x"),
        ("import", here),
        ("dump", here),
        ("preview", here),
        ("statistics",),
        ("check",),
        ("modalities", "list"),
        ("modalities", "remove", "x"),
    )
    for words in verbs:
        said = cli(*words)
        assert said.code == 2, (words, said)
        one_line(said.err, here, "station.port")


def test_a_file_that_cannot_be_read(cli: CommandLine, tmp_path: Path) -> None:
    cli.config.unlink()
    for words in (("list",), ("serve",)):
        said = cli(*words)
        assert said.code == 2
        one_line(said.err, str(cli.config), "No such file")
    cli.config.mkdir()
    one_line(cli("list").err, str(cli.config), "directory")
    cli.config.rmdir()
    cli.config.symlink_to(cli.config)
    one_line(cli("list").err, str(cli.config))
    cli.config.unlink()
    cli.config.write_bytes(b"\xff\xfe[\0s\0]\0")
    one_line(cli("list").err, str(cli.config), "UTF-8")
    cli.config = Path("/proc/self/mem")
    said = cli("list")
    assert said.code == 2
    one_line(said.err, "/proc/self/mem")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission(cli: CommandLine) -> None:
    cli.config.chmod(0)
    said = cli("list")
    assert said.code == 2
    one_line(said.err, str(cli.config), "Permission denied")


@pytest.mark.parametrize("folder", ["/proc/nothing/here", "/dev/null", "/dev/null/x"])
def test_a_data_folder_that_cannot_be(cli: CommandLine, folder: str) -> None:
    cli.data = Path(folder)
    for words in (("serve",), ("import", str(cli.config))):
        said = cli(*words)
        assert said.code == 1, (words, said)
        one_line(said.err, folder)
    said = cli("list")
    assert said.code == 1
    one_line(said.err)


def test_an_address_that_cannot_be_had(cli: CommandLine) -> None:
    for host in ("203.0.113.7", "no-such-host.invalid", "256.256.256.256", "::ffff:0:0:0:1"):
        cli.config.write_text(f'[station]\nhost = "{host}"\nport = {cli.port}\n')
        said = cli("serve")
        assert said.code == 2, (host, said)
        one_line(said.err, host)


def test_a_second_station_is_told_who_has_the_folder(cli: CommandLine, tmp_path: Path) -> None:
    with Served(cli) as first:
        for words in (("serve",), ("import", str(cli.config)), ("check", "--repair")):
            said = cli(*words)
            assert said.code == 2, (words, said)
            assert said.out == ""
            one_line(said.err, f"process {first.process.pid}", str(cli.data))
        first.serves()
        # What only reads, and what only calls, goes on beside it.
        assert cli("list").code == 1
        assert (
            cli("echo", "--aet", "MODALITTY", "--host", "127.0.0.1", "--port", cli.port).code == 0
        )
        (tmp_path / "other").mkdir()
        other = CommandLine(tmp_path / "other")
        other.config.write_text(cli.config.read_text())
        said = other("serve")
        assert said.code == 2
        one_line(said.err, f"127.0.0.1:{cli.port}", "in use")


def test_a_configuration_that_is_damaged_while_it_serves_hurts_nothing(cli: CommandLine) -> None:
    with Served(cli) as served:
        cli.config.write_text("[station\n")
        served.serves()
        said = cli("modalities", "add", "x", "--aet", "X", "--host", "h", "--port", 1)
        assert said.code == 2
        one_line(said.err, str(cli.config), "TOML")
        assert cli.config.read_text() == "[station\n"
