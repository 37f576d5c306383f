"""C-MOVE as SCP, seen by a requestor of another make that is its own destination."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydicom import Dataset, dcmread
from pynetdicom import AE, evt
from pynetdicom.sop_class import (  # type: ignore[attr-defined]
    CTImageStorage,
    PatientRootQueryRetrieveInformationModelMove,
    PatientStudyOnlyQueryRetrieveInformationModelMove,
    StudyRootQueryRetrieveInformationModelMove,
)

from core.demo.studies import write_studies
from core.model import JobState, Modality
from core.station import Station
from tests.core.test_get import ct_study
from tests.core.test_transfers import station_at
from tests.peers import dcmtk
from tests.peers.processes import free_port

MODELS = {
    "study": StudyRootQueryRetrieveInformationModelMove,
    "patient": PatientRootQueryRetrieveInformationModelMove,
    "patient-study-only": PatientStudyOnlyQueryRetrieveInformationModelMove,
}


@pytest.fixture(scope="module")
def pacs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Station]:
    files = write_studies(tmp_path_factory.mktemp("studies"), datetime.date(2026, 1, 15))
    with station_at(tmp_path_factory.mktemp("pacs") / "pacs", "PACS") as station:
        job = station.jobs.wait(station.jobs.import_files([files[0].parents[2]]).id, 60)
        assert job.state is JobState.DONE
        yield station


class Mover:
    """Asks for objects to be moved to itself: SCU and storage SCP in one."""

    def __init__(self, pacs: Station, *syntaxes: str, sop_class: str = CTImageStorage) -> None:
        self.pacs = pacs
        self.got: list[Dataset] = []
        self.originators: set[tuple[str, int]] = set()
        self.status: Any = lambda: 0
        ae = AE("MOVER")
        ae.dimse_timeout = 20
        ae.add_supported_context(sop_class, list(syntaxes) or ["1.2.840.10008.1.2"])
        handlers = [(evt.EVT_C_STORE, self._store)]
        self.server = ae.start_server(("127.0.0.1", 0), block=False, evt_handlers=handlers)
        self.ae = ae
        pacs.modalities.put(
            Modality(
                name="mover", ae_title="MOVER", host="127.0.0.1",
                port=self.server.server_address[1],
            ),
            replaces="mover" if "mover" in pacs.settings.modalities else "",
        )  # fmt: skip

    def __enter__(self) -> Mover:
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()

    def _store(self, event: evt.Event) -> int:
        request = event.request
        self.originators.add(
            (
                request.MoveOriginatorApplicationEntityTitle,
                request.MoveOriginatorMessageID,
            )
        )
        self.got.append(event.dataset)
        answer: int = self.status()
        if answer < 0:
            event.assoc.abort()
        return max(answer, 0)

    def move(self, model: str = "study", **keys: Any) -> tuple[Dataset, Dataset | None]:
        identifier = Dataset()
        for keyword, value in keys.items():
            setattr(identifier, keyword, value)
        self.ae.requested_contexts = []
        self.ae.add_requested_context(MODELS[model])
        assoc = self.ae.associate("127.0.0.1", self.pacs.settings.station.port, ae_title="PACS")
        assert assoc.is_established
        *_, last = assoc.send_c_move(identifier, "MOVER", MODELS[model], msg_id=9)
        assoc.release()
        return last


@pytest.mark.parametrize("model", MODELS)
def test_every_model_moves_a_study_with_its_originator(pacs: Station, model: str) -> None:
    ref, instances = ct_study(pacs)
    patient = dcmread(instances[0].path, stop_before_pixels=True).PatientID
    keys = {} if model == "study" else {"PatientID": patient}
    with Mover(pacs) as mover:
        status, identifier = mover.move(
            model, QueryRetrieveLevel="STUDY", StudyInstanceUID=ref.study_uid, **keys
        )
    assert (status.Status, status.NumberOfCompletedSuboperations) == (0, len(instances))
    assert identifier is None
    assert "NumberOfRemainingSuboperations" not in status
    assert len(mover.got) == len(instances)
    assert mover.originators == {("MOVER", 9)}


def test_lists_of_uids_are_for_the_level_itself(pacs: Station) -> None:
    ref, instances = ct_study(pacs)
    wanted = [one.sop_instance_uid for one in instances[:2]]
    above = {"StudyInstanceUID": ref.study_uid, "SeriesInstanceUID": instances[0].series_uid}
    with Mover(pacs) as mover:
        status, _ = mover.move(QueryRetrieveLevel="IMAGE", SOPInstanceUID=wanted, **above)
        assert (status.Status, [ds.SOPInstanceUID for ds in mover.got]) == (0, wanted)
        two = {**above, "SeriesInstanceUID": [instances[0].series_uid, "1.2.3"]}
        status, _ = mover.move(QueryRetrieveLevel="IMAGE", SOPInstanceUID=wanted, **two)
        assert status.Status == 0xA900
        studies = [ref.study_uid, "1.2.3"]
        status, _ = mover.move(QueryRetrieveLevel="STUDY", StudyInstanceUID=studies)
        assert (status.Status, len(mover.got)) == (0, 2 + len(instances))


def test_only_warnings_are_a_warning_with_an_empty_list(pacs: Station) -> None:
    ref, instances = ct_study(pacs)
    with Mover(pacs) as mover:
        mover.status = lambda: 0xB000
        status, identifier = mover.move(QueryRetrieveLevel="STUDY", StudyInstanceUID=ref.study_uid)
    assert status.Status == 0xB000
    assert status.NumberOfWarningSuboperations == len(instances)
    assert status.NumberOfFailedSuboperations == 0
    assert identifier is not None
    assert not identifier.FailedSOPInstanceUIDList


def test_a_class_that_the_destination_does_not_take_fails_object_by_object(
    pacs: Station,
) -> None:
    ref, instances = ct_study(pacs)
    with Mover(pacs, sop_class="1.2.840.10008.5.1.4.1.1.4") as mover:
        status, identifier = mover.move(QueryRetrieveLevel="STUDY", StudyInstanceUID=ref.study_uid)
    assert status.Status == 0xA702
    assert status.NumberOfFailedSuboperations == len(instances)
    assert identifier is not None
    assert len(identifier.FailedSOPInstanceUIDList) == len(instances)


def test_an_association_lost_in_the_middle_costs_one_object(pacs: Station) -> None:
    ref, instances = ct_study(pacs)
    with Mover(pacs) as mover:
        mover.status = lambda: -1 if len(mover.got) == 3 else 0
        status, identifier = mover.move(QueryRetrieveLevel="STUDY", StudyInstanceUID=ref.study_uid)
    assert status.Status == 0xB000
    assert status.NumberOfFailedSuboperations == 1
    assert status.NumberOfCompletedSuboperations == len(instances) - 1
    assert identifier is not None
    assert identifier.FailedSOPInstanceUIDList == mover.got[2].SOPInstanceUID


@pytest.mark.interop
@pytest.mark.parametrize("option", ["-S", "-P", "-O"])
def test_movescu_has_storescp_as_third_party(pacs: Station, tmp_path: Path, option: str) -> None:
    ref, instances = ct_study(pacs)
    patient = dcmread(instances[0].path, stop_before_pixels=True).PatientID
    with dcmtk.storescp(tmp_path / "in") as third:
        for name, title, port in (("third", "THIRD", third.port), ("movescu", "MOVESCU", 1)):
            known = Modality(name=name, ae_title=title, host="127.0.0.1", port=port)
            pacs.modalities.put(known, replaces=name if name in pacs.settings.modalities else "")
        done = dcmtk.run(
            "movescu", "-v", option, "-aet", "MOVESCU", "-aec", "PACS", "-aem", "THIRD",
            "-k", "0008,0052=STUDY", "-k", f"0010,0020={patient}",
            "-k", f"0020,000D={ref.study_uid}", "127.0.0.1", pacs.settings.station.port,
        )  # fmt: skip
    assert done.returncode == 0, done.stdout
    assert len(list((tmp_path / "in").iterdir())) == len(instances), done.stdout


def test_a_destination_that_is_not_there_is_told(pacs: Station) -> None:
    ref, instances = ct_study(pacs)
    with Mover(pacs) as mover:
        nowhere = Modality(name="mover", ae_title="MOVER", host="127.0.0.1", port=free_port())
        pacs.modalities.put(nowhere, replaces="mover")
        status, identifier = mover.move(QueryRetrieveLevel="STUDY", StudyInstanceUID=ref.study_uid)
    assert (status.Status, status.NumberOfFailedSuboperations) == (0xA702, len(instances))
    assert identifier is not None
