"""Files made durable by a process apart, and here where there is none."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from core.archive import apart, helper
from core.archive.helper import Helper


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    made = [tmp_path / f"{number} \u00e4\n.dcm" for number in range(100)]
    for file in made:
        file.write_bytes(b"x")
    return [str(file) for file in made]


def forbidden(*_: object) -> None:
    raise AssertionError("synced here")


def test_many_files_are_synced_apart(files: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    one = Helper()
    monkeypatch.setattr(apart, "sync_files", forbidden)
    folder = str(Path(files[0]).parent)
    for _ in range(3):
        # A file that is gone, and a folder that is, are passed over.
        one.sync([*files, f"{folder}/gone.dcm"], [folder, f"{folder}/gone"])
    process = one._process
    assert process is not None
    one.close()
    assert process.returncode == 0


def test_a_few_files_start_no_process(files: list[str]) -> None:
    one = Helper()
    one.sync(files[:3], [])
    assert one._process is None


def test_what_the_process_met_is_raised(files: list[str], tmp_path: Path) -> None:
    one = Helper()
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(OSError, match="symbolic") as caught:
        one.sync([*files, str(tmp_path / "loop")], [])
    assert caught.value.errno == errno.ELOOP
    one.sync(files, [])
    one.close()


def test_a_process_that_died_or_cannot_be_had_is_done_without(
    files: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    one = Helper()
    dead = [sys.executable, "-c", ""]
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", synced.append)
    monkeypatch.setattr(helper, "_start", lambda: started(dead))
    one.sync(files, [])
    assert len(synced) == len(files)
    assert one.write([(file, memoryview(b"x")) for file in files]) == 0

    def none() -> None:
        raise OSError(errno.EAGAIN, "no process")

    monkeypatch.setattr(helper, "_start", none)
    one.sync(files, [])
    assert len(synced) == 2 * len(files)
    one.close()


def started(command: list[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def test_new_files_are_written_apart_up_to_one_that_is_there(tmp_path: Path) -> None:
    one = Helper()
    names = [str(tmp_path / "folder" / str(number)) for number in range(12)]
    files = [(name, memoryview(name.encode())) for name in names]
    assert one.write(files[:9]) == 9
    assert one.write([*files[9:11], files[0], files[11], *files[1:7]]) == 2
    one.close()
    assert sorted(p.read_text() for p in (tmp_path / "folder").iterdir()) == sorted(names[:11])


def test_an_order_that_is_cut_short_writes_nothing(tmp_path: Path) -> None:
    """Who gave it was killed over it; half a file is none."""
    files = [(str(tmp_path / name), memoryview(b"x" * 5000)) for name in ("1", "2")]
    order = b"".join(apart.order_to_write(files))
    done = subprocess.run(
        [sys.executable, "-I", "-S", apart.__file__], input=order[:-1], timeout=20, check=True
    )
    assert done.stdout is None
    assert list(tmp_path.iterdir()) == []
