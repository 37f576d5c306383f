"""What the archive holds, and how it is."""

from __future__ import annotations

from enum import Enum

from msgspec import Struct

from core.model.job import Failure
from core.model.query import Level, Ref


class Instance(Struct, frozen=True, kw_only=True):
    """One object in the archive: its identifiers and where its file is."""

    study_uid: str
    series_uid: str
    sop_instance_uid: str
    sop_class_uid: str
    transfer_syntax_uid: str
    path: str
    """Absolute path of the Part 10 file."""
    size: int
    """Bytes of the file."""

    @property
    def ref(self) -> Ref:
        """The object by its unique keys, without the patient's."""
        return Ref(
            level=Level.IMAGE,
            study_uid=self.study_uid,
            series_uid=self.series_uid,
            sop_instance_uid=self.sop_instance_uid,
        )


class StoreAction(str, Enum):
    """What the archive did with an object it was given."""

    STORED = "stored"
    KEPT_FIRST = "kept-first"
    REPLACED = "replaced"
    SET_ASIDE = "set-aside"
    """The archive had nothing to do with it: it went to whoever waited for it."""


class Stored(Struct, frozen=True, kw_only=True):
    """An object that was taken in, durably where the archive holds it."""

    instance: Instance
    """The object; its file may follow in a moment where it has just come in."""
    action: StoreAction
    warning: str = ""
    """What is odd about the object, empty where nothing is."""


class LookupHit(Struct, frozen=True, kw_only=True):
    """One entity found by an identifier: which attribute held it, and the entity."""

    keyword: str
    ref: Ref
    label: str


class ModalityCount(Struct, frozen=True, kw_only=True):
    """How much is held of one Modality (0008,0060); `size` is in bytes."""

    modality: str
    series: int
    instances: int
    size: int


class Statistics(Struct, frozen=True, kw_only=True):
    """How much the archive holds; sizes are in bytes.

    `quota` is 0 where there is none. `free` is what the disk has left. `protected` counts the
    patients that recycling leaves alone. `modalities` has those with most bytes first.
    """

    patients: int
    studies: int
    series: int
    instances: int
    size: int
    quota: int = 0
    free: int = 0
    protected: int = 0
    modalities: tuple[ModalityCount, ...] = ()


class ProtectedPatient(Struct, frozen=True, kw_only=True):
    """A patient whose studies recycling leaves alone; `studies` counts those held now."""

    patient_id: str
    issuer: str
    name: str
    birth_date: str
    studies: int


class CheckReport(Struct, frozen=True, kw_only=True):
    """How index and files agree; paths and UIDs of what does not, with the reason."""

    instances: int
    """Instances in the index when the check began."""
    missing: tuple[Failure, ...] = ()
    """SOP Instance UIDs in the index whose file is gone or of another size."""
    unindexed: tuple[Failure, ...] = ()
    """Files of objects that the index did not know."""
    strange: tuple[Failure, ...] = ()
    """Files under `objects/` that are no objects, or lie where they do not belong: left alone."""
    repaired: bool = False

    @property
    def clean(self) -> bool:
        """True where index and files agree."""
        return not (self.missing or self.unindexed)
