""" "The CT cannot send": what it was told is remembered, with what to do about it."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.doctor import visitors
from core.events import AssociationRejected
from core.model import Modality, Operation, Verdict, Visitor
from core.settings import Settings
from core.settings_file import SettingsStore
from core.station import Station
from tests.core.doctor.examined import at, examined
from tests.peers.processes import eventually
from tests.tui.console import open_station, write_studies


def _visitor(station: Station, calling: str) -> Visitor:
    eventually(lambda: any(v.calling == calling for v in station.doctor.visitors()))
    return next(v for v in station.doctor.visitors() if v.calling == calling)


def _ct(tmp_path: Path, port: int, ae_title: str = "CT1", called: str = "ME") -> Station:
    return open_station(tmp_path / "ct", ae_title, ("me", called, port))


def _send(ct: Station, tmp_path: Path) -> None:
    write_studies(tmp_path / "files", 1)
    job = ct.jobs.send(ct.modalities.get("me"), paths=[tmp_path / "files"])
    assert ct.jobs.wait(job.id, 20).state.ended


def test_an_unknown_caller_is_to_be_added(me: Station, tmp_path: Path) -> None:
    with _ct(tmp_path, me.listen()) as ct:
        _send(ct, tmp_path)
    eventually(lambda: _visitor(me, "CT1").turned_away)
    visitor = _visitor(me, "CT1")
    assert "not allowed to this caller" in visitor.reason
    assert 'add a modality with the AE title "CT1" at 127.0.0.1' in visitor.advice
    assert visitor.name == ""


def test_a_caller_that_differs_in_case_only_is_told_so(me: Station, tmp_path: Path) -> None:
    me.change("station.accept.unknown_callers", "refuse")
    me.modalities.put(Modality(name="ct1", ae_title="CT1", host="10.9.9.9", port=104))
    with _ct(tmp_path, me.listen(), "ct1") as ct:
        assert not ct.echo(ct.modalities.get("me")).ok
    assert 'has the AE title "CT1", and it calls as "ct1"' in _visitor(me, "ct1").advice
    found = examined(me, me.modalities.get("ct1"))["callers"]
    assert found.verdict is Verdict.BAD, "the doctor of CT1 sees it, though the case differs"
    assert "compared with case" in found.advice


def test_a_wrong_called_title_is_to_be_corrected_at_the_device(me: Station, tmp_path: Path) -> None:
    with _ct(tmp_path, me.listen(), called="ARCHIVE") as ct:
        assert not ct.echo(ct.modalities.get("me")).ok
    visitor = _visitor(me, "CT1")
    assert visitor.called == "ARCHIVE"
    assert 'correct the called AE title to "ME"' in visitor.advice
    me.change("station.ae_title", "ARCHIVE")
    assert "that is our AE title now" in _visitor(me, "CT1").advice


def test_a_modality_that_may_not_store_is_to_be_allowed(me: Station, tmp_path: Path) -> None:
    port = me.listen()
    ct1 = Modality(name="ct1", ae_title="CT1", host="127.0.0.1", port=9, allow=(Operation.ECHO,))
    me.modalities.put(ct1)
    with _ct(tmp_path, port) as ct:
        _send(ct, tmp_path)
    eventually(lambda: _visitor(me, "CT1").turned_away)
    assert "`allow` lacks it" in _visitor(me, "CT1").advice
    me.modalities.put(
        Modality(name="ct1", ae_title="CT1", host="127.0.0.1", port=9), replaces="ct1"
    )
    with _ct(tmp_path / "again", port) as ct:
        _send(ct, tmp_path)
    visitor = _visitor(me, "CT1")
    assert not visitor.turned_away, "it was let in since"
    assert examined(me, me.modalities.get("ct1"))["callers"].verdict is Verdict.GOOD


def test_one_that_never_called_is_told_apart_from_one_that_was_refused(me: Station) -> None:
    me.listen()
    found = examined(me, at(9, "NEVER"))["callers"]
    assert found.verdict is Verdict.UNKNOWN
    assert "has not called us since" in found.seen


@pytest.mark.parametrize("count", [visitors.KEPT * 3])
def test_memory_is_bounded_and_keeps_the_latest(count: int) -> None:
    seen = visitors.Visitors(Settings)
    for number in range(count):
        seen.heard(
            AssociationRejected(
                address=f"10.0.0.1:{number}", calling=f"CT{number}", called="X", reason="called 'X'"
            )
        )
    kept = seen.all()
    assert len(kept) == visitors.KEPT
    assert kept[0].calling == f"CT{count - 1}"


def test_a_doctor_in_another_process_knows_whom_the_listener_refused(
    me: Station, tmp_path: Path
) -> None:
    with _ct(tmp_path, me.listen(), called="ARCHIVE") as ct:
        assert not ct.echo(ct.modalities.get("me")).ok
    _visitor(me, "CT1")
    book = me.data_folder / "callers.json"
    eventually(book.exists)
    assert book.stat().st_mode & 0o077 == 0
    beside = Station.open(SettingsStore.open(me.config_path), me.data_folder, reads_only=True)
    with beside:
        found = examined(beside, at(9, "CT1"))["callers"]
        assert found.verdict is Verdict.BAD
        assert 'correct the called AE title to "ME"' in found.advice
        silent = examined(beside, at(9, "OTHER"))["callers"]
        assert "has not called us since" in silent.seen


def test_callers_are_written_down_where_nothing_made_the_data_folder_before(
    me: Station, tmp_path: Path
) -> None:
    """As where the archive lies elsewhere, and nobody but it would make the folder."""
    data = tmp_path / "home" / "data"
    store = SettingsStore.open(me.config_path)
    store.change("archive.folder", str(tmp_path / "elsewhere"))
    with Station.open(store, data) as station:
        with _ct(tmp_path, station.listen(), called="ARCHIVE") as ct:
            assert not ct.echo(ct.modalities.get("me")).ok
        assert _visitor(station, "CT1").turned_away
    assert (data / "callers.json").is_file()
    assert data.stat().st_mode & 0o777 == 0o700


def test_callers_are_remembered_after_a_restart_and_a_damaged_book_hurts_nobody(
    me: Station, tmp_path: Path
) -> None:
    port = me.listen()
    with _ct(tmp_path, port, called="ARCHIVE") as ct:
        assert not ct.echo(ct.modalities.get("me")).ok
    _visitor(me, "CT1")
    me.close()
    store = SettingsStore.open(me.config_path)
    with Station.open(store, me.data_folder) as again:
        assert _visitor(again, "CT1").refused == 1
        again.listen()
        with _ct(tmp_path / "again", again.settings.station.port, called="ARCHIVE") as ct:
            assert not ct.echo(ct.modalities.get("me")).ok
        eventually(lambda: _visitor(again, "CT1").refused == 2)
    (me.data_folder / "callers.json").write_bytes(b"\0 not json")
    with Station.open(store, me.data_folder) as third:
        assert third.doctor.visitors() == ()
