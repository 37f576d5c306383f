"""Extended negotiation: relational queries and retrieval only for who asked for them."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydicom import Dataset, dcmread
from pynetdicom import AE
from pynetdicom.association import Association
from pynetdicom.pdu_primitives import SOPClassExtendedNegotiation
from pynetdicom.sop_class import (  # type: ignore[attr-defined]
    PatientRootQueryRetrieveInformationModelFind,
    StudyRootQueryRetrieveInformationModelFind,
    StudyRootQueryRetrieveInformationModelMove,
)

from core.demo.studies import write_studies
from core.model import Modality
from core.station import Station
from tests.core.test_transfers import station_at
from tests.peers.processes import free_port

FIND = StudyRootQueryRetrieveInformationModelFind
MOVE = StudyRootQueryRetrieveInformationModelMove


@pytest.fixture(scope="module")
def pacs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Station]:
    folder = tmp_path_factory.mktemp("pacs")
    files = write_studies(folder / "studies", datetime.date(2026, 1, 15))
    with station_at(folder / "station", "PACS") as station:
        asker = Modality(name="asker", ae_title="ASKER", host="127.0.0.1", port=free_port())
        station.modalities.put(asker)
        two = [files[0].parents[1], files[-1].parents[1]]
        station.jobs.wait(station.jobs.import_files(two).id, 60)
        yield station


def associate(station: Station, wishes: dict[str, bytes]) -> Association:
    ae = AE(ae_title="ASKER")
    for uid in (FIND, MOVE, PatientRootQueryRetrieveInformationModelFind):
        ae.add_requested_context(uid)
    items = []
    for uid, data in wishes.items():
        item = SOPClassExtendedNegotiation()
        item.sop_class_uid = uid
        item.service_class_application_information = data
        items.append(item)
    port = station.settings.station.port
    assoc = ae.associate("127.0.0.1", port, ae_title="PACS", ext_neg=items)
    assert assoc.is_established
    return assoc


def agreed(assoc: Association) -> dict[str, bytes]:
    return {str(uid): bytes(data) for uid, data in assoc.acceptor.sop_class_extended.items()}


def series_query(**keys: str) -> Dataset:
    ds = Dataset()
    ds.QueryRetrieveLevel = "SERIES"
    ds.SeriesInstanceUID = ""
    ds.Modality = "CT"
    for keyword, value in keys.items():
        setattr(ds, keyword, value)
    return ds


def statuses(assoc: Association, ds: Dataset) -> list[int]:
    return [status.Status for status, _ in assoc.send_c_find(ds, FIND)]


def test_we_agree_to_what_we_can_and_to_nothing_else(pacs: Station) -> None:
    assoc = associate(pacs, {FIND: b"\1\1\1\1\1", MOVE: b"\1\1"})
    assert agreed(assoc) == {FIND: b"\1\1\0\0\0", MOVE: b"\1\0"}
    assoc.release()
    assoc = associate(pacs, {FIND: b"\0"})
    assert agreed(assoc) == {FIND: b"\0"}
    assoc.release()
    assoc = associate(pacs, {})
    assert agreed(assoc) == {}
    assoc.release()


def test_a_series_query_without_its_study_needs_relational_queries(pacs: Station) -> None:
    assoc = associate(pacs, {})
    assert statuses(assoc, series_query()) == [0xA900]
    assoc.release()
    assoc = associate(pacs, {FIND: b"\1"})
    found = statuses(assoc, series_query())
    assoc.release()
    assert len(found) > 2
    assert set(found[:-1]) == {0xFF00}
    assert found[-1] == 0


def test_date_and_time_are_one_range_only_where_agreed(pacs: Station) -> None:
    held = next((pacs.data_folder / "objects").rglob("*.dcm"))
    ds = dcmread(held, stop_before_pixels=True)
    day = datetime.datetime.strptime(ds.StudyDate, "%Y%m%d").date()
    # From one minute before midnight yesterday to midnight tomorrow: as a time by itself, no
    # study fits; as one range with the date, this one does.
    before, after = (day + datetime.timedelta(days=d) for d in (-1, 1))
    ask = Dataset()
    ask.QueryRetrieveLevel = "STUDY"
    ask.StudyInstanceUID = ds.StudyInstanceUID
    ask.StudyDate = f"{before:%Y%m%d}-{after:%Y%m%d}"
    ask.StudyTime = "235900-235959"
    for wishes, count in (({}, 0), ({FIND: b"\1\1"}, 1)):
        assoc = associate(pacs, wishes)
        found = statuses(assoc, ask)
        assoc.release()
        assert len(found) - 1 == count


def test_a_relational_retrieve_needs_no_study(pacs: Station, tmp_path: Path) -> None:
    held = next((pacs.data_folder / "objects").rglob("*.dcm"))
    ask = Dataset()
    ask.QueryRetrieveLevel = "SERIES"
    ask.SeriesInstanceUID = dcmread(held, stop_before_pixels=True).SeriesInstanceUID
    finals = []
    for wishes in ({}, {MOVE: b"\1"}):
        assoc = associate(pacs, wishes)
        finals.append([s.Status for s, _ in assoc.send_c_move(ask, "ASKER", MOVE)][-1])
        assoc.release()
    assert finals == [0xA900, 0xA702]  # understood: nobody listens at the destination
