"""A large archive takes seconds to open: whoever quits meanwhile does not wait for the rest."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from core.archive import journal_lines
from core.archive.journal_lines import Loaded
from core.archive.records import AnyLine, encode_changes
from core.errors import UsageError
from core.settings_file import SettingsStore
from core.station import Station
from tests.core.test_transfers import station_at


def test_a_station_that_is_closed_reads_its_journal_no_further(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with station_at(tmp_path / "me", "ME") as former:
        config, data = former.config_path, former.data_folder
    with next(data.rglob("journal")).open("ab") as file:
        file.write(encode_changes([("t", str(number), {"n": number}) for number in range(99)]))
    pieces, begun, closing = list[bytes](), threading.Event(), threading.Event()
    real = journal_lines._lines_of

    def lines_of(chunk: bytes, loaded: Loaded) -> tuple[Sequence[AnyLine], int]:
        pieces.append(chunk)
        begun.set()
        assert closing.wait(10)
        return real(chunk, loaded)

    monkeypatch.setattr(journal_lines, "CHUNK", 64)
    monkeypatch.setattr(journal_lines, "_lines_of", lines_of)
    station = Station.open(SettingsStore.open(config), data)
    with ThreadPoolExecutor(2) as threads:
        opening = threads.submit(station.listen)
        assert begun.wait(10)
        closed = threads.submit(station.close)
        until = threading.Event()
        while not station._closed:
            until.wait(0.001)
        closing.set()
        with pytest.raises(UsageError, match="closed"):
            opening.result(10)
        closed.result(10)
    assert len(pieces) == 1, "the rest was not waited for"
    with Station.open(SettingsStore.open(config), data) as again:
        again.listen()
        assert len(pieces) > 9, "and nothing of it is held or lost"
