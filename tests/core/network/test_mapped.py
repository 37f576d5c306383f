"""A file in windows is the file, whatever becomes of its name, and its length takes no memory."""

from __future__ import annotations

import gc
import os
import re
from pathlib import Path

import pytest

from core.network import mapped
from core.network.faults import LinkError
from core.network.mapped import MappedFile
from tests.peers.processes import descriptors

CONTENT = bytes(range(256)) * 256  # 64 KiB: sixteen pages


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "object"
    file.write_bytes(CONTENT)
    return file


def _mapped_kib() -> int:
    found = re.search(r"RssFile:\s+(\d+)", Path("/proc/self/status").read_text())
    assert found
    return int(found[1])


@pytest.mark.parametrize("offset", [0, 348, 4096, 65000, 65536, 70000])
@pytest.mark.parametrize("step", [1000, 4096, 8190])
def test_pieces_across_windows_are_the_file(
    path: Path, offset: int, step: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mapped, "WINDOW", 8192)
    view = MappedFile(path, offset)
    assert len(view) == max(0, len(CONTENT) - offset)
    pieces = [bytes(view[at : at + step]) for at in range(0, len(view), step)]
    assert b"".join(pieces) == CONTENT[offset:]
    assert bytes(view[0:0]) == b""


def test_a_piece_stays_when_the_window_moves_on(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mapped, "WINDOW", 4096)
    view = MappedFile(path, 0)
    first = view[10:20]
    assert bytes(view[60000:60010]) == CONTENT[60000:60010]
    assert bytes(first) == CONTENT[10:20]


def test_a_file_that_is_replaced_stays_what_it_was(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mapped, "WINDOW", 4096)
    view = MappedFile(path, 0)
    other = tmp_path / "other"
    other.write_bytes(bytes(len(CONTENT)))
    other.replace(path)
    assert bytes(view[50000:50100]) == CONTENT[50000:50100]


def test_a_file_that_is_cut_short_is_told(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mapped, "WINDOW", 4096)
    view = MappedFile(path, 0)
    os.truncate(path, 5000)
    with pytest.raises(LinkError, match="cut short"):
        _ = view[50000:50100]


def test_what_was_read_takes_no_memory_and_the_file_is_let_go(tmp_path: Path) -> None:
    large = tmp_path / "large"
    with large.open("wb") as file:
        file.truncate(160 << 20)
    before, had_open = _mapped_kib(), descriptors()
    view = MappedFile(large, 0)
    most = 0
    for at in range(0, len(view), 1 << 20):
        assert view[at : at + (1 << 20)].tobytes().count(0) == 1 << 20
        most = max(most, _mapped_kib())
    assert most - before < 40 << 10
    del view
    gc.collect()
    assert descriptors() == had_open
