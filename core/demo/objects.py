"""What all sample objects have in common: patient, study, series, equipment, SOP common."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import UID, ExplicitVRLittleEndian

from core.demo.people import Patient

_NAMESPACE = uuid.UUID("5d2a9b7e-6c0f-4c53-9d55-6d6f64616c69")
PRIVATE_CREATOR = "MODALITTY DEMO"


def make_uid(*key: object) -> str:
    """The UID that belongs to the key, always the same: derived from a UUID, PS3.5 B.2."""
    return f"2.25.{uuid.uuid5(_NAMESPACE, '/'.join(str(part) for part in key)).int}"


@dataclass(frozen=True)
class Study:
    """One visit: whose, when, what for; all its objects refer to it."""

    number: int
    patient: Patient
    today: date
    days_ago: int
    time: str
    description: str
    body_part: str = ""
    laterality: str = ""

    @property
    def uid(self) -> str:
        """Study Instance UID, by number and date."""
        return make_uid("study", self.number, self.today)

    @property
    def date(self) -> str:
        """Study Date as DA."""
        return (self.today - timedelta(days=self.days_ago)).strftime("%Y%m%d")

    @property
    def accession_number(self) -> str:
        """Accession Number, by date and number."""
        return f"A{self.date[2:]}{self.number:02d}"


@dataclass
class Series:
    """One series of a study under the making, which counts its instances."""

    study: Study
    number: int
    modality: str
    description: str
    equipment: tuple[str, str] = ("Modalitty", "Phantom 1")
    count: int = field(default=0)

    @property
    def uid(self) -> str:
        """Series Instance UID, by study and number."""
        return make_uid("series", self.study.uid, self.number)

    @property
    def frame_of_reference_uid(self) -> str:
        """One frame of reference for the whole study."""
        return make_uid("frame of reference", self.study.uid)

    def instance_uid(self, instance: int) -> str:
        """SOP Instance UID, by series and instance number."""
        return make_uid("instance", self.uid, instance)

    def instance(self, sop_class: str) -> Dataset:
        """The next instance, with everything filled in that does not depend on its kind."""
        self.count += 1
        ds = Dataset()
        _sop_common(ds, self, sop_class)
        _patient(ds, self.study.patient)
        _study(ds, self.study)
        _series(ds, self)
        return ds


def _sop_common(ds: Dataset, series: Series, sop_class: str) -> None:
    study = series.study
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = UID(sop_class)
    meta.MediaStorageSOPInstanceUID = UID(series.instance_uid(series.count))
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.file_meta = meta
    character_set = study.patient.character_set
    ds.SpecificCharacterSet = character_set if isinstance(character_set, str) else [*character_set]
    ds.SOPClassUID = sop_class
    ds.SOPInstanceUID = series.instance_uid(series.count)
    ds.InstanceCreationDate = study.date
    ds.InstanceCreationTime = study.time
    ds.InstanceNumber = series.count


def _patient(ds: Dataset, patient: Patient) -> None:
    ds.PatientName = patient.name
    ds.PatientID = patient.id
    ds.IssuerOfPatientID = patient.issuer
    ds.PatientBirthDate = patient.birth_date
    ds.PatientSex = patient.sex
    if patient.weight:
        ds.PatientWeight = patient.weight


def _study(ds: Dataset, study: Study) -> None:
    ds.StudyInstanceUID = study.uid
    ds.StudyID = str(study.number)
    ds.StudyDate = study.date
    ds.StudyTime = study.time
    ds.StudyDescription = study.description
    ds.AccessionNumber = study.accession_number
    ds.ReferringPhysicianName = "Watson^John^^Dr"
    ds.InstitutionName = study.patient.institution


def _series(ds: Dataset, series: Series) -> None:
    ds.Modality = series.modality
    ds.SeriesInstanceUID = series.uid
    ds.SeriesNumber = series.number
    ds.SeriesDescription = series.description
    ds.SeriesDate = series.study.date
    ds.SeriesTime = series.study.time
    ds.Manufacturer, ds.ManufacturerModelName = series.equipment
    ds.DeviceSerialNumber = "0"
    ds.SoftwareVersions = "1"


def acquired(ds: Dataset, study: Study, image_type: tuple[str, ...]) -> None:
    """General image attributes of something that a device acquired."""
    ds.ImageType = [*image_type]
    for what in ("Content", "Acquisition"):
        setattr(ds, f"{what}Date", study.date)
        setattr(ds, f"{what}Time", study.time)
    ds.AcquisitionNumber = 1
    if study.body_part:
        ds.BodyPartExamined = study.body_part
    ds.PatientOrientation = ["L", "P"]


def pixels(ds: Dataset, frame: NDArray[np.uint8] | NDArray[np.uint16], bits: int) -> None:
    """Image pixel module (PS3.3 C.7.6.3) of unsigned grey pixels, rows by columns."""
    allocated = frame.dtype.itemsize * 8
    ds.SamplesPerPixel = 1
    ds.PhotometricInterpretation = "MONOCHROME2"
    ds.Rows, ds.Columns = frame.shape
    ds.BitsAllocated, ds.BitsStored, ds.HighBit = allocated, bits, bits - 1
    ds.PixelRepresentation = 0
    ds.add_new(0x7FE00010, "OW", frame.astype(frame.dtype.newbyteorder("<")).tobytes())


def volume_position(
    ds: Dataset, series: Series, spacing: float, thickness: float, at: float
) -> None:
    """Frame of reference and image plane (PS3.3 C.7.6.2) of an axial slice at `at` mm."""
    ds.FrameOfReferenceUID = series.frame_of_reference_uid
    ds.PositionReferenceIndicator = ""
    left, top = round(-spacing * ds.Columns / 2, 3), round(-spacing * ds.Rows / 2, 3)
    ds.ImagePositionPatient = [left, top, at]
    ds.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    ds.PixelSpacing = [spacing, spacing]
    ds.SliceThickness = thickness
    ds.SliceLocation = at


def code(value: str, scheme: str, meaning: str) -> Dataset:
    """One item of a code sequence, PS3.3 8.8."""
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return item


def reference(ds: Dataset) -> Dataset:
    """One item that refers to an instance, PS3.3 10.3."""
    item = Dataset()
    item.ReferencedSOPClassUID = ds.SOPClassUID
    item.ReferencedSOPInstanceUID = ds.SOPInstanceUID
    return item


def private_block(ds: Dataset, note: str, numbers: list[float]) -> None:
    """A vendor's private elements, one of them a sequence, PS3.5 7.8."""
    item = Dataset()
    inner = item.private_block(0x0009, PRIVATE_CREATOR, create=True)
    inner.add_new(0x01, "LO", note)
    inner.add_new(0x02, "FD", numbers)
    outer = ds.private_block(0x0009, PRIVATE_CREATOR, create=True)
    outer.add_new(0x01, "LO", note)
    outer.add_new(0x03, "OB", bytes(range(16)))
    outer.add_new(0x10, "SQ", Sequence([item]))


Instances = Iterator[Dataset]
