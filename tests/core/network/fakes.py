"""An archive in memory, a settings source that can be edited, and a record of events."""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from msgspec.structs import replace
from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.filereader import read_dataset
from pydicom.filewriter import dcmwrite

from core.errors import NotHeldError, OutOfResourcesError
from core.events import Event, EventBus
from core.model import Instance, Modality, Root, StoreAction, Stored
from core.network.identifier import encode
from core.settings import Accept, Settings, StationSettings, UnknownCallers

CT = "1.2.840.10008.5.1.4.1.1.2"
SECONDS = 10.0


class Source:
    """Settings in force, which a test may exchange."""

    def __init__(self, settings: Settings) -> None:
        self.current = settings

    def station(self, **changes: object) -> None:
        """Edit fields of [station]."""
        self.current = replace(self.current, station=replace(self.current.station, **changes))

    def modality(self, name: str, port: int, **changes: object) -> Modality:
        """Add a modality on loopback and return it."""
        fields = {"ae_title": name.upper(), "host": "127.0.0.1", **changes}
        modality = Modality(name=name, port=port, **fields)
        known = {**self.current.modalities, name: modality}
        self.current = replace(self.current, modalities=known)
        return modality


def source(**station: object) -> Source:
    """Settings that let everybody in, with short time-outs."""
    accept = Accept(unknown_callers=UnknownCallers.ACCEPT)
    fields = {
        "host": "127.0.0.1",
        "connect_timeout": 5.0,
        "acse_timeout": 5.0,
        "dimse_timeout": 5.0,
        "network_timeout": 5.0,
        "accept": accept,
        **station,
    }
    return Source(Settings(station=StationSettings(**fields)))


class Recorder:
    """Keeps every event, and waits for some."""

    def __init__(self, bus: EventBus) -> None:
        self.events: list[Event] = []
        self._changed = threading.Condition()
        bus.subscribe(self._take)

    def _take(self, event: Event) -> None:
        with self._changed:
            self.events.append(event)
            self._changed.notify_all()

    def of(self, kind: type) -> list:
        """All events of one kind, oldest first."""
        with self._changed:
            return [event for event in self.events if isinstance(event, kind)]

    def wait(self, kind: type, count: int = 1) -> list:
        """Wait until `count` events of a kind are there."""
        with self._changed:
            enough = self._changed.wait_for(
                lambda: sum(isinstance(e, kind) for e in self.events) >= count, SECONDS
            )
        assert enough, f"{count} {kind.__name__} awaited, got {self.events}"
        return self.of(kind)


class MemoryIncoming:
    def __init__(self, archive: MemoryArchive, known: dict[str, str]) -> None:
        self._archive = archive
        self._known = known
        self.data = bytearray()
        self.state = "open"

    def write(self, data: memoryview, /) -> None:
        self._archive.before_write(len(self.data))
        self.data += data

    def commit(self) -> Stored:
        self._archive.before_commit(self)
        self.state = "committed"
        return self._archive.keep(self._known, bytes(self.data))

    def finish(self) -> None:
        if self.state != "committed":
            self.state = "discarded"


class MemoryArchive:
    """Keeps objects as files in a folder, and matches by the keys that are given."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.incoming: list[MemoryIncoming] = []
        self.instances: list[Instance] = []
        self.datasets: list[Dataset] = []
        self.full_after: int | None = None
        self.before_commit: Callable[[MemoryIncoming], None] = lambda incoming: None
        self.matches: Callable[[Dataset], Iterator[Dataset | None]] | None = None
        self.is_ready = threading.Event()
        self._lock = threading.Lock()

    def wait_ready(self, seconds: float) -> None:
        self.is_ready.wait(seconds)

    def before_write(self, size: int) -> None:
        if self.full_after is not None and size >= self.full_after:
            raise OutOfResourcesError("the disk is full")

    def receive(self, **known: object) -> MemoryIncoming:
        known.pop("limit", None)
        with self._lock:
            self.incoming.append(MemoryIncoming(self, known))
            return self.incoming[-1]

    def catch_up(self) -> None:
        """Files are written at once."""

    def keep(self, known: dict[str, str], data: bytes) -> Stored:
        syntax = known["transfer_syntax_uid"]
        ds = read_dataset(
            io.BytesIO(data), syntax == "1.2.840.10008.1.2", syntax != "1.2.840.10008.1.2.2"
        )
        with self._lock:
            path = self.folder / f"{len(self.instances)}.dcm"
            instance = Instance(
                study_uid=str(ds.get("StudyInstanceUID", "")),
                series_uid=str(ds.get("SeriesInstanceUID", "")),
                sop_instance_uid=known["sop_instance_uid"],
                sop_class_uid=known["sop_class_uid"],
                transfer_syntax_uid=syntax,
                path=str(path),
                size=len(data),
            )
            self.instances.append(instance)
            self.datasets.append(ds)
        path.write_bytes(_part10(known, data))
        return Stored(instance=instance, action=StoreAction.STORED)

    def find(
        self,
        identifier: Dataset,
        root: Root,
        *,
        transfer_syntax: str,
        ae_title: str,
        relational: bool = False,
        combined: bool = False,
    ) -> Iterator[bytes | None]:
        for answer in self._answers(identifier):
            if answer is None:
                yield None
                continue
            answer.QueryRetrieveLevel = identifier.get("QueryRetrieveLevel", "")
            answer.RetrieveAETitle = ae_title
            yield encode(answer, transfer_syntax)

    def _answers(self, identifier: Dataset) -> Iterator[Dataset | None]:
        if self.matches is not None:
            yield from self.matches(identifier)
            return
        for ds in self.datasets:
            if _fits(ds, identifier):
                answer = Dataset()
                for element in identifier:
                    answer[element.tag] = ds.get(element.tag) or element
                yield answer

    def instance(self, sop_instance_uid: str) -> Instance:
        raise NotHeldError("this archive is not looked into")

    def select(
        self, identifier: Dataset, root: Root, *, relational: bool = False
    ) -> list[Instance]:
        pairs = zip(self.instances, self.datasets, strict=True)
        return [instance for instance, ds in pairs if _fits(ds, identifier)]


def _fits(ds: Dataset, identifier: Dataset) -> bool:
    return all(
        not element.value or element.value == ds.get(element.keyword)
        for element in identifier
        if element.keyword not in ("QueryRetrieveLevel", "SpecificCharacterSet")
    )


def _part10(known: dict[str, str], data: bytes) -> bytes:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = known["sop_class_uid"]
    meta.MediaStorageSOPInstanceUID = known["sop_instance_uid"]
    meta.TransferSyntaxUID = known["transfer_syntax_uid"]
    ds = Dataset()
    ds.file_meta = meta
    out = io.BytesIO()
    implicit = known["transfer_syntax_uid"] == "1.2.840.10008.1.2"
    dcmwrite(out, ds, implicit_vr=implicit, little_endian=True, enforce_file_format=True)
    return out.getvalue() + data


def make_object(
    uid: str, *, kib: int = 4, study: str = "1.2.3", name: str = "Test^Case", sop_class: str = CT
) -> Dataset:
    """A small CT with pixels of a pattern that tells shifted bytes."""
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.1"
    ds.file_meta.MediaStorageSOPClassUID = sop_class
    ds.file_meta.MediaStorageSOPInstanceUID = uid
    ds.SOPClassUID = sop_class
    ds.SOPInstanceUID = uid
    ds.StudyInstanceUID = study
    ds.SeriesInstanceUID = f"{study}.1"
    ds.PatientName = name
    ds.PatientID = "P1"
    ds.Modality = "CT"
    ds.add_new(0x00091001, "LO", "private")
    ds.add_new(0x00090010, "LO", "MODALITTY TEST")
    ds.Rows, ds.Columns = kib * 2, 256
    ds.BitsAllocated = ds.BitsStored = 16
    ds.HighBit, ds.PixelRepresentation, ds.SamplesPerPixel = 15, 0, 1
    ds.PhotometricInterpretation = "MONOCHROME2"
    ds.PixelData = bytes(range(256)) * 4 * kib
    return ds


def write_object(folder: Path, uid: str, **kwargs: object) -> Path:
    """Write such a CT as a Part 10 file."""
    path = folder / f"{uid}.dcm"
    make_object(uid, **kwargs).save_as(path, enforce_file_format=True)
    return path


def wait_until(condition: Callable[[], object], what: str) -> None:
    """Wait for a condition that no event tells, with a deadline."""
    deadline = time.monotonic() + SECONDS
    gate = threading.Event()
    while not condition():
        assert time.monotonic() < deadline, f"never: {what}"
        gate.wait(0.01)
