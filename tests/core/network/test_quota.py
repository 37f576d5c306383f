"""A full archive, as a modality of another make meets it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian
from pynetdicom import AE
from pynetdicom.association import Association

from core.events import ArchiveChanged, Event, InstanceRefused, StudyStable
from core.model import Level, Query, Ref
from core.station import Station
from tests.core.archive.objects import CT, make
from tests.core.test_transfers import station_at
from tests.peers.processes import eventually


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Station]:
    with station_at(tmp_path / "ours", "OURS") as ours:
        ours.change("station.accept.unknown_callers", "accept")
        ours.change("archive.quota_mib", 1)
        yield ours


@pytest.fixture
def modality(station: Station) -> Iterator[Association]:
    ae = AE("CT1")
    ae.add_requested_context(CT, ExplicitVRLittleEndian)
    assoc = ae.associate("127.0.0.1", station.settings.station.port, ae_title="OURS")
    assert assoc.is_established
    yield assoc
    assoc.release()


def send(assoc: Association, study: str, patient: str = "P1") -> int:
    ds = make(
        f"{study}.1", StudyInstanceUID=study, SeriesInstanceUID=f"{study}.2", PatientID=patient
    )
    ds.add_new(0x7FE00010, "OW", b"\0" * (400 << 10))
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return int(assoc.send_c_store(ds).Status)


def held(station: Station) -> list[str]:
    query = Query(level=Level.STUDY, keys={"StudyInstanceUID": ""})
    return sorted(match.values["StudyInstanceUID"] for match in station.archive.list(query))


def test_what_does_not_fit_is_refused_with_a700_and_the_association_goes_on(
    station: Station, modality: Association
) -> None:
    told: list[Event] = []
    station.events.subscribe(told.append)
    assert [send(modality, f"1.{n}") for n in range(1, 5)] == [0, 0, 0xA700, 0xA700]
    assert [e.status for e in told if isinstance(e, InstanceRefused)] == [0xA700, 0xA700]
    station.archive.delete([Ref(level=Level.STUDY, study_uid="1.1")])
    assert send(modality, "1.4") == 0
    assert held(station) == ["1.2", "1.4"]


def test_the_oldest_gives_way_but_for_the_protected(
    station: Station, modality: Association
) -> None:
    told: list[Event] = []
    station.events.subscribe(told.append)
    station.change("archive.when_full", "recycle-oldest")
    station.change("archive.stable_after", 0.05)
    assert send(modality, "1.1", "KEEP") == 0
    station.archive.protect(Ref(level=Level.PATIENT, patient_id="KEEP"), on=True)
    assert [send(modality, f"1.{n}") for n in range(2, 6)] == [0, 0, 0, 0]
    assert held(station) == ["1.1", "1.5"]
    assert [e.uid for e in told if isinstance(e, ArchiveChanged)] == ["1.2", "1.3", "1.4"]
    found = station.archive.statistics()
    assert (found.quota, found.protected) == (1 << 20, 1)
    assert station.archive.check().clean
    eventually(lambda: {"1.1", "1.5"} <= _stable(told), what="both studies to be stable")


def _stable(told: list[Event]) -> set[str]:
    return {event.ref.study_uid for event in tuple(told) if isinstance(event, StudyStable)}
