"""C-GET in both roles: against pynetdicom everywhere, against DCMTK and Orthanc where they are."""

from __future__ import annotations

import datetime
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydicom import Dataset, dcmread
from pynetdicom import AE, build_role, evt
from pynetdicom.sop_class import (  # type: ignore[attr-defined]
    CTImageStorage,
    PatientRootQueryRetrieveInformationModelGet,
    PatientStudyOnlyQueryRetrieveInformationModelGet,
    StudyRootQueryRetrieveInformationModelGet,
)

from core.demo.studies import write_studies
from core.events import InstanceStored, MessageHandled
from core.model import (
    Instance,
    Job,
    JobKind,
    JobState,
    Level,
    Modality,
    Operation,
    Query,
    Ref,
    Retrieve,
)
from core.station import Station
from tests.core.test_transfers import as_modality, station_at, studies
from tests.peers import dcmtk
from tests.peers.orthanc import Orthanc
from tests.peers.processes import free_port
from tests.samples import sample_file

ROOTS = {
    "study": StudyRootQueryRetrieveInformationModelGet,
    "patient": PatientRootQueryRetrieveInformationModelGet,
    "patient-study-only": PatientStudyOnlyQueryRetrieveInformationModelGet,
}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return write_studies(tmp_path_factory.mktemp("studies"), datetime.date(2026, 1, 15))


@pytest.fixture
def ours(tmp_path: Path) -> Iterator[Station]:
    with station_at(tmp_path / "ours", "OURS") as station:
        yield station


@pytest.fixture(scope="module")
def pacs(tmp_path_factory: pytest.TempPathFactory, files: list[Path]) -> Iterator[Station]:
    """A station of ours that holds the sample studies, and lets everybody in."""
    with station_at(tmp_path_factory.mktemp("pacs") / "pacs", "PACS") as station:
        station.change("station.accept.unknown_callers", "accept")
        job = station.jobs.wait(station.jobs.import_files([files[0].parents[2]]).id, 60)
        assert job.state is JobState.DONE
        yield station


def ct_study(station: Station) -> tuple[Ref, tuple[Instance, ...]]:
    """A study with CT images, and nothing else that pynetdicom would need a context for."""
    for ref in studies(station):
        held = station.archive.instances(ref)
        if {one.sop_class_uid for one in held} == {CTImageStorage}:
            return ref, held
    raise AssertionError("there is no CT")


def held(station: Station) -> dict[str, bytes]:
    """SOP Instance UID → data set, as it lies on the disk."""
    found = {}
    for ref in studies(station):
        for one in station.archive.instances(ref):
            found[one.sop_instance_uid] = data_set(Path(one.path))
    return found


def data_set(path: Path) -> bytes:
    """The bytes behind the file meta information."""
    whole = path.read_bytes()
    length = int.from_bytes(whole[140:144], "little")
    return whole[144 + length :]


# -- as SCU


def test_a_get_brings_every_object_as_it_is(ours: Station, pacs: Station) -> None:
    stored: list[InstanceStored] = []
    ours.events.subscribe(lambda e: stored.append(e) if isinstance(e, InstanceStored) else None)
    ours.modalities.put(as_modality(pacs, "pacs"))
    job = ours.jobs.wait(ours.jobs.get(ours.modalities.get("pacs"), studies(pacs)).id, 60)
    assert (job.kind, job.state) == (JobKind.GET, JobState.DONE), job
    assert job.arrived == job.promised == job.completed == len(held(pacs))
    assert held(ours) == held(pacs)
    assert {event.source for event in stored} == {"PACS"}


@pytest.mark.parametrize("way", list(Retrieve))
def test_a_modality_says_how_its_objects_come(ours: Station, pacs: Station, way: Retrieve) -> None:
    known = Modality(
        name="pacs", ae_title="PACS", host="127.0.0.1", port=pacs.settings.station.port,
        retrieve=way,
    )  # fmt: skip
    ours.modalities.put(known)
    assert ours.modalities.get("pacs").retrieve is way
    assert ("retrieve" in ours.config_path.read_text().split("[modalities.pacs]")[1]) is (
        way is Retrieve.GET
    )
    ref, _ = ct_study(pacs)
    job = ours.jobs.retrieve(ours.modalities.get("pacs"), [ref])
    assert job.kind.value == way.value
    ours.jobs.cancel(job.id)
    third = ours.jobs.retrieve(ours.modalities.get("pacs"), [ref], "ELSEWHERE")
    assert third.kind is JobKind.MOVE
    ours.jobs.cancel(third.id)


def test_a_retry_gets_only_what_is_missing(ours: Station, pacs: Station) -> None:
    ours.modalities.put(as_modality(pacs, "pacs"))
    ref, instances = ct_study(pacs)
    lost = instances[:3]
    for one in lost:
        Path(one.path).rename(f"{one.path}.away")
    try:
        first = ours.jobs.wait(ours.jobs.get(ours.modalities.get("pacs"), [ref]).id, 60)
    finally:
        for one in lost:
            Path(f"{one.path}.away").rename(one.path)
    assert first.state is JobState.PARTIAL, first
    assert (first.arrived, first.failed, first.missing) == (len(instances) - 3, 3, 3)
    assert {f.what for f in first.failures} == {one.sop_instance_uid for one in lost}
    came: list[str] = []
    ours.events.subscribe(
        lambda e: (
            came.append(e.stored.instance.sop_instance_uid)
            if isinstance(e, InstanceStored)
            else None
        )
    )
    assert ours.jobs.retry(first.id)
    second = ours.jobs.wait(first.id, 60)
    assert (second.state, second.arrived, second.missing) == (JobState.DONE, len(instances), 0)
    assert sorted(came) == sorted(one.sop_instance_uid for one in lost)


class Provider:
    """A pynetdicom AE that has some objects and one SOP class more than anybody expects."""

    def __init__(self, objects: list[Dataset], tells: bool = False) -> None:
        self.objects = objects
        self.pause = threading.Event()
        self.pause.set()
        self.sent = 0
        self.cancelled = False
        ae = AE(ae_title="PROVIDER")
        ae.add_supported_context(StudyRootQueryRetrieveInformationModelGet)
        for uid in {ds.SOPClassUID for ds in objects}:
            ae.add_supported_context(uid, scu_role=True, scp_role=True)
        handlers: list[Any] = [(evt.EVT_C_GET, self._get)]
        if tells:
            from pynetdicom.sop_class import StudyRootQueryRetrieveInformationModelFind as Find

            ae.add_supported_context(Find)
            handlers.append((evt.EVT_C_FIND, self._find))
        self.server = ae.start_server(("127.0.0.1", 0), block=False, evt_handlers=handlers)
        self.modality = Modality(
            name="provider", ae_title="PROVIDER", host="127.0.0.1",
            port=self.server.server_address[1],
        )  # fmt: skip

    def _find(self, event: evt.Event) -> Iterator[Any]:
        answer = Dataset()
        answer.QueryRetrieveLevel = "STUDY"
        answer.StudyInstanceUID = event.identifier.StudyInstanceUID
        answer.SOPClassesInStudy = sorted({str(ds.SOPClassUID) for ds in self.objects})
        yield 0xFF00, answer

    def _get(self, event: evt.Event) -> Iterator[Any]:
        yield len(self.objects)
        for ds in self.objects:
            self.pause.wait(10)
            if event.is_cancelled:
                self.cancelled = True
                yield 0xFE00, None
                return
            self.sent += 1
            yield 0xFF00, ds


@pytest.fixture
def objects(files: list[Path]) -> list[Dataset]:
    found = [dcmread(path) for path in files]
    return [ds for ds in found if ds.SOPClassUID == CTImageStorage][:6]


def _job(ours: Station, provider: Provider, uid: str) -> Job:
    try:
        ref = Ref(level=Level.STUDY, study_uid=uid)
        return ours.jobs.wait(ours.jobs.get(provider.modality, [ref]).id, 30)
    finally:
        provider.server.shutdown()


def test_we_get_from_pynetdicom(ours: Station, objects: list[Dataset]) -> None:
    job = _job(ours, Provider(objects), str(objects[0].StudyInstanceUID))
    assert (job.state, job.arrived) == (JobState.DONE, len(objects)), job
    assert set(held(ours)) == {ds.SOPInstanceUID for ds in objects}


def test_a_class_that_only_the_peer_knows_comes_where_it_tells(
    ours: Station, objects: list[Dataset]
) -> None:
    for ds in objects:
        ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = "1.2.826.0.1.3680043.9.1.77"
    uid = str(objects[0].StudyInstanceUID)
    silent = _job(ours, Provider(objects), uid)
    assert (silent.state, silent.arrived) == (JobState.FAILED, 0), silent
    assert silent.failed == len(objects)
    job = _job(ours, Provider(objects, tells=True), uid)
    assert (job.state, job.arrived) == (JobState.DONE, len(objects)), job


def test_a_cancel_reaches_the_peer(ours: Station, objects: list[Dataset]) -> None:
    provider = Provider(objects)
    try:
        came = threading.Event()

        def on_event(event: object) -> None:
            if isinstance(event, InstanceStored) and not came.is_set():
                provider.pause.clear()
                came.set()

        ours.events.subscribe(on_event)
        ref = Ref(level=Level.STUDY, study_uid=str(objects[0].StudyInstanceUID))
        job = ours.jobs.get(provider.modality, [ref])
        assert came.wait(10)
        assert ours.jobs.cancel(job.id)
        # The peer sends nothing while it waits: the C-CANCEL is on its way when it goes on.
        threading.Timer(0.5, provider.pause.set).start()
        ended = ours.jobs.wait(job.id, 20)
    finally:
        provider.server.shutdown()
    assert ended.state is JobState.CANCELLED
    assert provider.cancelled
    assert 0 < ended.arrived < len(objects)


def test_a_full_archive_is_told_to_the_peer(ours: Station, objects: list[Dataset]) -> None:
    ours.change("archive.quota_mib", 1)
    for number, ds in enumerate(objects):
        ds.Rows, ds.Columns, ds.BitsAllocated, ds.BitsStored, ds.HighBit = 1024, 1024, 16, 16, 15
        ds.PixelData = bytes(2 << 20)
        ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = f"1.2.3.4.{number}"
    job = _job(ours, Provider(objects), str(objects[0].StudyInstanceUID))
    assert (job.state, job.arrived, job.failed) == (JobState.FAILED, 0, len(objects))


def test_nobody_there_is_said_at_once(ours: Station) -> None:
    gone = Modality(name="gone", ae_title="GONE", host="127.0.0.1", port=free_port())
    job = ours.jobs.wait(ours.jobs.get(gone, [Ref(level=Level.STUDY, study_uid="1.2")]).id, 20)
    assert job.state is JobState.FAILED
    assert job.outcome is not None
    assert "refused" in job.outcome.meaning


# -- as SCP


class Getter:
    """A pynetdicom SCU that takes the SCP role for CT."""

    def __init__(self, station: Station, root: str = "study", *, storage: bool = True) -> None:
        self.got: list[Dataset] = []
        self.status = 0
        self.root = ROOTS[root]
        self.on_store = lambda: None
        ae = AE(ae_title="GETTER")
        ae.dimse_timeout = 2  # which pynetdicom waits for where it has aborted itself
        ae.add_requested_context(self.root)
        roles = []
        if storage:
            ae.add_requested_context(CTImageStorage)
            roles = [build_role(CTImageStorage, scp_role=True)]
        self.assoc = ae.associate(
            "127.0.0.1",
            station.settings.station.port,
            ae_title="PACS",
            ext_neg=roles,
            evt_handlers=[(evt.EVT_C_STORE, self._store)],
        )
        assert self.assoc.is_established

    def _store(self, event: evt.Event) -> int:
        self.got.append(event.dataset)
        self.on_store()
        return self.status

    def get(self, **keys: Any) -> list[tuple[Dataset, Dataset | None]]:
        identifier = Dataset()
        for keyword, value in keys.items():
            setattr(identifier, keyword, value)
        answers = list(self.assoc.send_c_get(identifier, self.root, msg_id=7))
        if self.assoc.is_established:
            self.assoc.release()
        return answers


@pytest.mark.parametrize("root", ["study", "patient", "patient-study-only"])
def test_pynetdicom_gets_a_study(pacs: Station, root: str) -> None:
    ref, instances = ct_study(pacs)
    getter = Getter(pacs, root)
    patient = dcmread(instances[0].path, stop_before_pixels=True).PatientID
    keys = {} if root == "study" else {"PatientID": patient}
    *_, (status, identifier) = getter.get(
        QueryRetrieveLevel="STUDY", StudyInstanceUID=ref.study_uid, **keys
    )
    assert (status.Status, status.NumberOfCompletedSuboperations) == (0, len(instances))
    assert "NumberOfRemainingSuboperations" not in status
    assert identifier is None
    assert sorted(ds.SOPInstanceUID for ds in getter.got) == sorted(
        one.sop_instance_uid for one in instances
    )


def test_a_list_of_uids_and_whole_patients_can_be_got(pacs: Station) -> None:
    ref, instances = ct_study(pacs)
    wanted = [one.sop_instance_uid for one in instances[:3]]
    one = instances[0]
    getter = Getter(pacs)
    *_, (status, _) = getter.get(
        QueryRetrieveLevel="IMAGE",
        StudyInstanceUID=ref.study_uid,
        SeriesInstanceUID=one.series_uid,
        SOPInstanceUID=wanted,
    )
    assert (status.Status, len(getter.got)) == (0, 3)
    patient = dcmread(one.path, stop_before_pixels=True).PatientID
    getter = Getter(pacs, "patient")
    *_, (status, _) = getter.get(QueryRetrieveLevel="PATIENT", PatientID=patient)
    assert status.Status in (0, 0xB000)
    assert len(getter.got) >= len(instances)


def test_what_the_requestor_took_no_role_for_fails_and_is_listed(pacs: Station) -> None:
    ref, instances = ct_study(pacs)
    getter = Getter(pacs, storage=False)
    *_, (status, identifier) = getter.get(
        QueryRetrieveLevel="STUDY", StudyInstanceUID=ref.study_uid
    )
    assert status.Status == 0xA702
    assert status.NumberOfFailedSuboperations == len(instances)
    assert identifier is not None
    assert sorted(identifier.FailedSOPInstanceUIDList) == sorted(
        one.sop_instance_uid for one in instances
    )


def test_warnings_and_refusals_of_the_requestor_are_counted(pacs: Station) -> None:
    ref, instances = ct_study(pacs)
    getter = Getter(pacs)

    def alternate() -> None:
        getter.status = 0xA700 if len(getter.got) == 1 else 0xB000

    getter.on_store = alternate
    *_, (status, identifier) = getter.get(
        QueryRetrieveLevel="STUDY", StudyInstanceUID=ref.study_uid
    )
    assert status.Status == 0xB000
    assert status.NumberOfFailedSuboperations == 1
    assert status.NumberOfWarningSuboperations == len(instances) - 1
    assert identifier is not None
    assert identifier.FailedSOPInstanceUIDList == getter.got[0].SOPInstanceUID


def test_a_cancel_of_the_requestor_stops_it(pacs: Station) -> None:
    ref, instances = ct_study(pacs)
    getter = Getter(pacs)

    def cancel() -> None:
        if len(getter.got) == 2:
            getter.assoc.send_c_cancel(7, query_model=getter.root)

    getter.on_store = cancel
    *_, (status, _) = getter.get(QueryRetrieveLevel="STUDY", StudyInstanceUID=ref.study_uid)
    assert status.Status == 0xFE00
    assert 2 <= len(getter.got) < len(instances)
    assert status.NumberOfRemainingSuboperations == len(instances) - len(getter.got)


def test_a_requestor_that_goes_away_in_the_middle_harms_nothing(pacs: Station) -> None:
    ref, _ = ct_study(pacs)
    getter = Getter(pacs)
    getter.on_store = getter.assoc.abort
    getter.get(QueryRetrieveLevel="STUDY", StudyInstanceUID=ref.study_uid)
    again = Getter(pacs)
    *_, (status, _) = again.get(QueryRetrieveLevel="STUDY", StudyInstanceUID=ref.study_uid)
    assert status.Status == 0


def test_who_may_get_but_not_store_gets(pacs: Station) -> None:
    ref, instances = ct_study(pacs)
    allow = (Operation.ECHO, Operation.GET)
    pacs.modalities.put(
        Modality(name="getter", ae_title="GETTER", host="127.0.0.1", port=1, allow=allow)
    )
    try:
        getter = Getter(pacs)
        *_, (status, _) = getter.get(QueryRetrieveLevel="STUDY", StudyInstanceUID=ref.study_uid)
        assert (status.Status, len(getter.got)) == (0, len(instances))
        pacs.modalities.put(
            Modality(name="getter", ae_title="GETTER", host="127.0.0.1", port=1, allow=allow[:1]),
            replaces="getter",
        )
        ae = AE(ae_title="GETTER")
        ae.add_requested_context(getter.root)
        refused = ae.associate("127.0.0.1", pacs.settings.station.port, ae_title="PACS")
        assert refused.is_established is False
        assert refused.rejected_contexts[0].result == 1
        refused.abort()
    finally:
        pacs.modalities.remove("getter")


def test_both_sides_see_the_traffic(ours: Station, pacs: Station) -> None:
    seen: dict[str, list[MessageHandled]] = {"ours": [], "pacs": []}
    for name, station in (("ours", ours), ("pacs", pacs)):
        station.events.subscribe(
            lambda e, name=name: seen[name].append(e) if isinstance(e, MessageHandled) else None
        )
    ref, instances = ct_study(pacs)
    peer = as_modality(pacs, "pacs")
    ours.jobs.wait(ours.jobs.get(peer, [ref]).id, 30)
    for name, ours_asked in (("ours", True), ("pacs", False)):
        stores = [e for e in seen[name] if e.operation == "C-STORE"]
        assert len(stores) == len(instances)
        assert {e.outgoing for e in stores} == {not ours_asked}
    # The listener tells when it has answered, which may be a moment later than we know.
    assert [e.status for e in seen["ours"] if e.operation == "C-GET"] == [0]


# -- other makes


@pytest.mark.interop
@pytest.mark.parametrize("options", [(), ("-B", "+xi"), ("-B", "+xs")])
def test_getscu_gets_from_us(pacs: Station, tmp_path: Path, options: tuple[str, ...]) -> None:
    ref, instances = ct_study(pacs)
    answer = dcmtk.run(
        "getscu", "-v", "-S", *options, "-aet", "GETSCU", "-aec", "PACS", "-od", tmp_path,
        "-k", "0008,0052=STUDY", "-k", f"0020,000D={ref.study_uid}",
        "127.0.0.1", pacs.settings.station.port,
    )  # fmt: skip
    assert answer.returncode == 0, answer.stdout
    assert len(list(tmp_path.iterdir())) == len(instances), answer.stdout


@pytest.mark.interop
def test_we_get_from_orthanc(ours: Station, tmp_path: Path, files: list[Path]) -> None:
    with Orthanc(tmp_path / "orthanc", DicomAlwaysAllowGet=True) as orthanc:
        orthanc.upload(*files)
        orthanc.know("ours", "OURS", ours.settings.station.port)
        peer = Modality(name="o", ae_title="ORTHANC", host="127.0.0.1", port=orthanc.port)
        uids = {str(dcmread(path, stop_before_pixels=True).StudyInstanceUID) for path in files}
        refs = [Ref(level=Level.STUDY, study_uid=uid) for uid in sorted(uids)]
        job = ours.jobs.wait(ours.jobs.get(peer, refs).id, 60)
    assert (job.state, job.arrived) == (JobState.DONE, len(files)), job


@pytest.mark.interop
def test_we_get_from_dcmqrscp(ours: Station, tmp_path: Path, files: list[Path]) -> None:
    with dcmtk.dcmqrscp(tmp_path / "qr", {"ours": ("OURS", 1)}) as qr:
        peer = Modality(name="q", ae_title="DCMQRSCP", host="127.0.0.1", port=qr.port)
        sent = ours.jobs.wait(ours.jobs.send(peer, paths=files).id, 60)
        assert sent.state is JobState.DONE, sent
        uids = {str(dcmread(path, stop_before_pixels=True).StudyInstanceUID) for path in files}
        refs = [Ref(level=Level.STUDY, study_uid=uid) for uid in sorted(uids)]
        job = ours.jobs.wait(ours.jobs.get(peer, refs).id, 60)
    assert (job.state, job.arrived) == (JobState.DONE, len(files)), job
    assert len(
        list(ours.archive.list(Query(level=Level.IMAGE, keys={"SOPInstanceUID": ""})))
    ) == len(files)


COMPRESSED = (
    "MR_small_RLE.dcm",
    "MR_small_jp2klossless.dcm",
    "MR_small_jpeg_ls_lossless.dcm",
    "SC_rgb_dcmtk_+eb+cy+np.dcm",
    "JPGLosslessP14SV1_1s_1f_8b.dcm",
)


@pytest.mark.interop
@pytest.mark.filterwarnings("ignore")
def test_compressed_objects_come_from_orthanc_as_they_are(ours: Station, tmp_path: Path) -> None:
    wanted = {}
    paths = []
    for number, name in enumerate(COMPRESSED):
        ds = dcmread(sample_file(name))
        # Some of the samples are one image in several syntaxes, under one UID.
        ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = f"1.2.3.4.{number}"
        ds.StudyInstanceUID, ds.SeriesInstanceUID = "1.2.3", f"1.2.3.{number}"
        ds.PatientID, ds.StudyID = "P", "1"
        paths.append(tmp_path / name)
        ds.save_as(paths[-1])
        wanted[ds.SOPInstanceUID] = ds.file_meta.TransferSyntaxUID
    with Orthanc(tmp_path / "orthanc", DicomAlwaysAllowGet=True) as orthanc:
        orthanc.upload(*paths)
        orthanc.know("ours", "OURS", ours.settings.station.port)
        peer = Modality(name="o", ae_title="ORTHANC", host="127.0.0.1", port=orthanc.port)
        ref = Ref(level=Level.STUDY, study_uid="1.2.3")
        job = ours.jobs.wait(ours.jobs.get(peer, [ref]).id, 60)
    assert (job.state, job.arrived) == (JobState.DONE, len(paths)), job
    assert {
        one.sop_instance_uid: one.transfer_syntax_uid for one in ours.archive.instances(ref)
    } == wanted
