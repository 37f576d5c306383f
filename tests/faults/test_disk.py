"""A full disk, a damaged index: 0xA700 to the peer, said to us, and whole again."""

from __future__ import annotations

import contextlib
import os
import resource
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.core.archive.objects import encode, make
from tests.core.network.fakes import make_object
from tests.core.network.raw import Raw
from tests.faults.served import (
    Served,
    command_line,
    harmless,
    leftovers,
    objects,
    one_line,
    send_object,
)
from tests.peers.processes import eventually
from tests.tui.commandline import CommandLine

NO_LIMIT = resource.RLIM_INFINITY


@pytest.fixture
def cli(tmp_path: Path) -> CommandLine:
    return command_line(tmp_path)


def big(uid: str, size: int) -> bytes:
    pixels = {"Rows": 1, "Columns": 1, "BitsAllocated": 8, "PixelData": b"x" * size}
    return encode(make(uid, **pixels))


def limit(served: Served, kind: int, soft: int) -> None:
    """Change a limit of the running process."""
    _, hard = resource.prlimit(served.process.pid, kind)
    resource.prlimit(served.process.pid, kind, (soft, hard))


def test_a_file_that_does_not_fit_is_refused_and_the_next_one_taken(cli: CommandLine) -> None:
    with Served(cli, quiet=False) as served:
        assert served.store("1.1") == 0
        before = served.held
        limit(served, resource.RLIMIT_FSIZE, 300_000)
        with Raw.connect(served.port) as raw:
            raw.associate()
            # Two on one association: the refusal is an answer, not the end of the call.
            assert send_object(raw, "1.2", big("1.2", 600_000)) == 0xA700
            assert send_object(raw, "1.2", big("1.2", 600_000)) == 0xA700
            assert send_object(raw, "1.3", big("1.3", 1000)) == 0
        assert leftovers(cli) == []
        limit(served, resource.RLIMIT_FSIZE, NO_LIMIT)
        with Raw.connect(served.port) as raw:
            raw.associate()
            assert send_object(raw, "1.2", big("1.2", 600_000)) == 0
        served.back_to(before)
        assert {row["SOPInstanceUID"] for row in served.rows()} == {"1.1", "1.2", "1.3"}
        assert cli("check").code == 0
    assert "room" in served.said


def test_a_journal_that_does_not_fit_is_refused_and_the_object_gone(cli: CommandLine) -> None:
    with Served(cli, quiet=False) as served:
        assert served.store("1.1") == 0
        # Its file follows its answer, and is not to meet the limit.
        eventually(lambda: [path.stem for path in objects(cli)] == ["1.1"])
        journal = cli.data / "index" / "journal"
        limit(served, resource.RLIMIT_FSIZE, journal.stat().st_size + 10)
        for number in range(3):
            assert served.store(f"1.{number + 2}", StudyInstanceUID=f"1.9.{number}") == 0xA700
        assert [path.stem for path in objects(cli)] == ["1.1"]
        assert leftovers(cli) == []
        limit(served, resource.RLIMIT_FSIZE, NO_LIMIT)
        assert served.store("1.5") == 0
    assert "room" in served.said
    with Served(cli) as served:
        assert {row["SOPInstanceUID"] for row in served.rows()} == {"1.1", "1.5"}


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A tmpfs of 2 MiB, where we may mount one."""
    mount, folder = shutil.which("mount"), tmp_path / "disk"
    folder.mkdir()
    if os.geteuid() or not mount:
        pytest.skip("only root may mount")
    done = subprocess.run(
        [mount, "-t", "tmpfs", "-o", "size=2m,nr_inodes=200", "tmpfs", str(folder)],
        capture_output=True,
        check=False,
    )
    if done.returncode:
        pytest.skip(f"no tmpfs here: {done.stderr.decode(errors='replace')}")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.mark.parametrize("what", ["bytes", "inodes"])
def test_a_disk_that_is_really_full(cli: CommandLine, small_disk: Path, what: str) -> None:
    cli.data = small_disk / "data"
    stuffing = small_disk / "stuffing"
    stuffing.mkdir()
    with Served(cli, quiet=False) as served:
        statuses = []
        for number in range(60):
            study = {"StudyInstanceUID": f"1.5.{number}"} if what == "inodes" else {}
            size = 100 if what == "inodes" else 60_000
            pixels = {"Rows": 1, "Columns": 1, "BitsAllocated": 8, "PixelData": b"x" * size}
            statuses.append(served.store(f"1.{number}", **pixels, **study))
        if what == "inodes":
            for number in range(200):
                with contextlib.suppress(OSError):
                    (stuffing / str(number)).touch()
            statuses += [served.store("1.99", StudyInstanceUID="1.5.99")]
        taken = [f"1.{number}" for number, status in enumerate(statuses) if not status]
        assert set(statuses) == {0, 0xA700}
        assert leftovers(cli) == []
        assert {path.stem for path in objects(cli)} == set(taken)
        assert {row["SOPInstanceUID"] for row in served.rows()} == set(taken)
        shutil.rmtree(stuffing)
        os.unlink(objects(cli)[0])  # noqa: PTH108
        assert served.store("2.1") == 0
    assert "room" in served.said


def test_import_and_settings_on_a_full_disk(cli: CommandLine, small_disk: Path) -> None:
    cli.data = small_disk / "data"
    source = cli.config.parent / "source.dcm"
    make_object("1.1", kib=4000).save_as(source, enforce_file_format=True)
    said = cli("import", source)
    assert said.code == 1
    harmless(said.err)
    assert "room" in said.err
    assert leftovers(cli) == []
    # The configuration is replaced as a whole or not at all.
    config = small_disk / "config.toml"
    config.write_text(cli.config.read_text())
    cli.config = config
    before = config.read_text()
    with contextlib.suppress(OSError), (small_disk / "stuffing").open("wb") as file:
        while True:
            file.write(b"x" * 4096)
            file.flush()
    said = cli("modalities", "add", "x", "--aet", "X", "--host", "h", "--port", 1)
    assert said.code == 2
    one_line(said.err, str(config))
    assert config.read_text() == before
    assert {path.name for path in small_disk.iterdir()} == {"config.toml", "data", "stuffing"}


def test_out_of_descriptors_and_back(cli: CommandLine) -> None:
    with Served(cli, quiet=False) as served:
        assert served.store("1.1") == 0
        before = served.held
        limit(served, resource.RLIMIT_NOFILE, before.descriptors + 4)
        with contextlib.ExitStack() as stack:
            callers = [stack.enter_context(Raw.connect(served.port)) for _ in range(20)]
            for raw in callers[:2]:
                raw.associate()
            status = send_object(callers[0], "1.2", encode(make("1.2")))
            assert status in (0, 0xA700, 0x0110)
        limit(served, resource.RLIMIT_NOFILE, 1024)
        assert served.store("1.3") == 0
        served.back_to(before)
        assert leftovers(cli) == []
        assert cli("check").code == 0


DAMAGE = {
    "gone": lambda journal: journal.unlink(),
    "cut short": lambda journal: os.truncate(journal, journal.stat().st_size // 2),
    "garbage at its end": lambda journal: journal.write_bytes(
        journal.read_bytes() + b'["studies","9\x1b[2J\x07\xff\xfe'
    ),
    "garbage in it": lambda journal: journal.write_bytes(
        journal.read_bytes().replace(b'"instances"', b'"\x1b\xff', 1)
    ),
    "another file": lambda journal: journal.write_bytes(os.urandom(5000)),
    "another's JSON": lambda journal: journal.write_bytes(
        journal.read_bytes()
        + b'["studies","x",{"a":[1]}]\n["nosuch","1",{}]\n["instances","1",5]\n'
    ),
}


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("filled")
    with Served(command_line(folder)) as served:
        for number in range(6):
            study = f"1.{number % 2}"
            assert served.store(f"1.1.{number}", StudyInstanceUID=study, PatientID=study) == 0
    return folder


@pytest.mark.parametrize("name", DAMAGE)
def test_a_damaged_index_is_mended_on_opening_and_said(
    cli: CommandLine, filled: Path, name: str
) -> None:
    shutil.copytree(filled / "data", cli.data)
    DAMAGE[name](cli.data / "index" / "journal")
    # Who may not mend it says that it is damaged, and lives.
    said = cli("list", "--level", "instance", "--json")
    harmless(said.err)
    assert "damaged" in said.err
    with Served(cli, quiet=False) as served:
        assert len(served.rows()) == 6
        assert served.store("1.1.0") == 0
    assert "index" in served.said
    assert "repaired" in served.said
    said = cli("check", "--json")
    assert (said.code, said.json["instances"]) == (0, 6)
    assert cli("list").err == ""


def test_files_gone_behind_our_back(cli: CommandLine, filled: Path) -> None:
    shutil.copytree(filled / "data", cli.data)
    with Served(cli) as served:
        for path in objects(cli)[:3]:
            path.unlink()
        os.truncate(objects(cli)[0], 10)
        served.serves()
        assert len(served.rows()) == 6
        for row in served.rows():
            said = cli("dump", row["SOPInstanceUID"])
            assert said.code in (0, 1)
            harmless(said.err)
            harmless(said.out)
        said = cli("check", "--json")
        assert said.code == 1
        assert len(said.json["missing"]) == 4
        # The object itself, sent again, heals it.
        assert served.store("1.1.0", StudyInstanceUID="1.0", PatientID="1.0") == 0
