"""Objects to store: data sets as they travel in P-DATA."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

from msgspec.structs import replace
from pydicom.dataset import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset

from core.archive.archive import Archive
from core.archive.incoming import Incoming
from core.archive.parcel import LARGEST
from core.errors import ArchiveError
from core.events import Event, EventBus
from core.model import Statistics, Stored
from core.settings import ArchiveSettings, Duplicates

CT = "1.2.840.10008.5.1.4.1.1.2"
IMPLICIT = "1.2.840.10008.1.2"
EXPLICIT = "1.2.840.10008.1.2.1"
BIG = "1.2.840.10008.1.2.2"


def make(uid: str = "1.2.3", **values: Any) -> Dataset:
    """A small CT instance; keywords override or add attributes, None removes one."""
    ds = Dataset()
    ds.SOPClassUID = CT
    ds.SOPInstanceUID = uid
    ds.StudyInstanceUID = "1.2"
    ds.SeriesInstanceUID = "1.2.1"
    ds.PatientID = "P1"
    ds.PatientName = "Doe^Jane"
    ds.PatientBirthDate = "19700101"
    ds.StudyDate = "20240131"
    ds.StudyTime = "101530"
    ds.AccessionNumber = "A1"
    ds.Modality = "CT"
    ds.InstanceNumber = "1"
    for keyword, value in values.items():
        if value is None:
            delattr(ds, keyword)
        else:
            setattr(ds, keyword, value)
    return ds


def make_large(uid: str = "1.2.3", **values: Any) -> Dataset:
    """A CT instance that is too large for the log of arrivals."""
    pixels = {"Rows": 1, "Columns": 1, "BitsAllocated": 8, "PixelData": b"x" * (LARGEST + 1)}
    return make(uid, **{**pixels, **values})


def encode(ds: Dataset, syntax: str = EXPLICIT) -> bytes:
    """The bytes of a data set in a plain transfer syntax."""
    buffer = DicomBytesIO()
    buffer.is_implicit_VR = syntax == IMPLICIT
    buffer.is_little_endian = syntax != BIG
    ds = Dataset(ds)
    write_dataset(buffer, ds)
    return buffer.getvalue()


def begin(archive: Archive, ds: Dataset, syntax: str = EXPLICIT, **options: Any) -> Incoming:
    """Bring an object as a C-STORE does, in chunks, but for the end of it."""
    incoming = archive.receive(
        sop_class_uid=ds.SOPClassUID,
        sop_instance_uid=ds.SOPInstanceUID,
        transfer_syntax_uid=syntax,
        source="TESTER",
        **options,
    )
    stream = BytesIO(encode(ds, syntax))
    try:
        while chunk := stream.read(100):
            incoming.write(chunk)
    except ArchiveError:
        incoming.finish()
        raise
    return incoming


def store(archive: Archive, ds: Dataset, syntax: str = EXPLICIT, **options: Any) -> Stored:
    """Bring an object in as a C-STORE does, and wait for its file as who reads it does."""
    with begin(archive, ds, syntax, **options) as incoming:
        stored = incoming.commit()
    archive.instance(stored.instance.sop_instance_uid)
    return stored


def held(archive: Archive) -> Statistics:
    """The statistics but for the disk's free room, which others change."""
    return replace(archive.statistics(), free=0)


class Opener:
    """Opens archives in one folder and keeps the events they tell."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.policy = Duplicates.KEEP_FIRST
        self.settings = ArchiveSettings()
        self.events: list[Event] = []

    def __call__(self, *, read_only: bool = False) -> Archive:
        bus = EventBus()
        bus.subscribe(self.events.append)
        return Archive.open(
            self.folder,
            settings=lambda: replace(self.settings, duplicates=self.policy),
            events=bus,
            read_only=read_only,
        )

    def told(self, kind: type[Event]) -> list[Any]:
        """The events of one kind."""
        return [event for event in self.events if isinstance(event, kind)]
