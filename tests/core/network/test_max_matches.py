"""A query that is too broad ends where the configuration says, and nobody takes it for complete."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.events import Notice, Severity
from core.station import Station
from tests.core.archive.objects import make
from tests.core.archive.querying import Asker, identifier
from tests.core.test_transfers import station_at


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Station]:
    with station_at(tmp_path / "ours", "OURS") as ours:
        ours.change("station.accept.unknown_callers", "accept")
        (tmp_path / "in").mkdir()
        for number in range(1, 6):
            path = tmp_path / "in" / f"{number}.dcm"
            ds = make(f"1.2.{number}", StudyInstanceUID=f"1.{number}")
            ds.save_as(path, implicit_vr=False, little_endian=True)
        assert ours.jobs.wait(ours.jobs.import_files([tmp_path / "in"]).id, 30).arrived == 5
        yield ours


@pytest.mark.parametrize(
    ("limit", "count", "status"), [(0, 5, 0), (5, 5, 0), (4, 4, 0xA700), (1, 1, 0xA700)]
)
def test_the_cap_is_told_as_out_of_resources(
    station: Station, limit: int, count: int, status: int
) -> None:
    told: list[Notice] = []
    station.events.subscribe(lambda e: told.append(e) if isinstance(e, Notice) else None)
    station.change("station.max_matches", limit)
    with Asker(station.settings.station.port, "OURS") as ask:
        answers = ask(identifier("STUDY", {"StudyInstanceUID": ""}))
        assert (len(answers.rows), answers.status) == (count, status)
        # The association is as good as before.
        answers = ask(identifier("STUDY", {"StudyInstanceUID": "1.2"}))
        assert (len(answers.rows), answers.status) == (1, 0)
    assert [n.severity for n in told] == ([Severity.WARNING] if status else [])
