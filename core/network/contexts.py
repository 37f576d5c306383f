"""Which SOP classes and transfer syntaxes exist, and which presentation contexts to offer.

The tables are pynetdicom's and pydicom's; PS3.4 annexes A (verification), B (storage), C (query
and retrieve).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

from msgspec import Struct
from pydicom._uid_dict import UID_dictionary
from pydicom.uid import UID
from pynetdicom.presentation import PresentationContext
from pynetdicom.sop_class import _QR_CLASSES, _STORAGE_CLASSES

from core.errors import UsageError
from core.model import Operation, Root
from core.network import pdu
from core.network.items import MAX_CONTEXTS, NO_UIDS
from core.settings import ae_title_fault

IMPLICIT_LE = "1.2.840.10008.1.2"
EXPLICIT_LE = "1.2.840.10008.1.2.1"
DEFLATED_LE = "1.2.840.10008.1.2.1.99"
EXPLICIT_BE = "1.2.840.10008.1.2.2"
NATIVE = (EXPLICIT_LE, IMPLICIT_LE)
NATIVE_ALL = (*NATIVE, EXPLICIT_BE)
"""Transfer syntaxes that objects are converted to, best first."""
QUERY_SYNTAXES = (EXPLICIT_LE, IMPLICIT_LE, EXPLICIT_BE)
"""Transfer syntaxes of identifiers, best first."""

VERIFICATION = "1.2.840.10008.1.1"
COMMITMENT = "1.2.840.10008.1.20.1"
WORKLIST = "1.2.840.10008.5.1.4.31"
_DICOM_ROOT = "1.2.840.10008."
_DIRECTORY = "1.2.840.10008.1.3.10"

FIND = {
    Root.PATIENT: "1.2.840.10008.5.1.4.1.2.1.1",
    Root.STUDY: "1.2.840.10008.5.1.4.1.2.2.1",
    Root.PATIENT_STUDY_ONLY: "1.2.840.10008.5.1.4.1.2.3.1",
}
MOVE = {
    Root.PATIENT: "1.2.840.10008.5.1.4.1.2.1.2",
    Root.STUDY: "1.2.840.10008.5.1.4.1.2.2.2",
    Root.PATIENT_STUDY_ONLY: "1.2.840.10008.5.1.4.1.2.3.2",
}
GET = {
    Root.PATIENT: "1.2.840.10008.5.1.4.1.2.1.3",
    Root.STUDY: "1.2.840.10008.5.1.4.1.2.2.3",
    Root.PATIENT_STUDY_ONLY: "1.2.840.10008.5.1.4.1.2.3.3",
}
ROOTS = {uid: root for table in (FIND, MOVE, GET) for root, uid in table.items()}
"""SOP class of a query or retrieve service → its information model."""

_SERVICES = {
    VERIFICATION: Operation.ECHO,
    COMMITMENT: Operation.COMMIT,
    **dict.fromkeys(FIND.values(), Operation.FIND),
    **dict.fromkeys(MOVE.values(), Operation.MOVE),
    **dict.fromkeys(GET.values(), Operation.GET),
}
_STORAGE_NAMES = ("Storage", "Storage SOP Class", "Storage - Trial")
STORAGE = frozenset(_STORAGE_CLASSES.values()) | {
    uid
    for uid, entry in UID_dictionary.items()
    if entry[1] == "SOP Class" and entry[0].endswith(_STORAGE_NAMES) and uid != _DIRECTORY
}
"""Every storage SOP class that DICOM registers, retired ones too (PS3.4 B.5, PS3.6 A)."""


class Offer(Struct, frozen=True):
    """One presentation context to propose."""

    abstract_syntax: str
    transfer_syntaxes: tuple[str, ...]
    as_scp: bool = False
    """We would be the SCP on it, and take requests (role selection, PS3.7 D.3.3.4)."""


def operation(abstract_syntax: str) -> Operation | None:
    """What a SOP class is for, None where it is nothing we serve.

    A SOP class outside of DICOM's own root is taken for a private storage class.
    """
    found = _SERVICES.get(abstract_syntax)
    if found is not None:
        return found
    if abstract_syntax in _QR_CLASSES.values():
        return None
    if abstract_syntax in STORAGE or not abstract_syntax.startswith(_DICOM_ROOT):
        return Operation.STORE
    return None


def require_title(title: str) -> str:
    """An AE title without outer spaces; UsageError where it is none (PS3.5 6.2, VR AE)."""
    plain = title.strip(" ")
    if fault := ae_title_fault(plain):
        raise UsageError(f"{title!r} is no AE title: {fault}", "1 to 16 characters of ASCII")
    return plain


@lru_cache(maxsize=1024)
def uid_name(uid: str) -> str:
    """The name of a UID for a person, the UID itself where it has none."""
    return "no UID" if uid in NO_UIDS else str(UID(uid).name)


def propose(offers: Iterable[Offer]) -> tuple[PresentationContext, ...]:
    """Presentation contexts with odd ids from 1; at most MAX_CONTEXTS offers."""
    return tuple(
        pdu.context(2 * index + 1, offer.abstract_syntax, offer.transfer_syntaxes)
        for index, offer in enumerate(offers)
    )


def storage_offers(sop_class: str, transfer_syntax: str) -> tuple[Offer, ...]:
    """What to propose for an object: its own transfer syntax, and apart from it the native ones.

    They are contexts of their own, for within one context the peer chooses.
    """
    others = tuple(syntax for syntax in NATIVE_ALL if syntax != transfer_syntax)
    return Offer(sop_class, (transfer_syntax,)), Offer(sop_class, others)


def storage_batches(objects: Iterable[tuple[str, str]]) -> Iterator[tuple[int, tuple[Offer, ...]]]:
    """Split (SOP class, transfer syntax) pairs into associations of at most MAX_CONTEXTS contexts.

    Yields how many of the objects, in their order, the next association serves, and its offers.
    """
    offers: dict[Offer, None] = {}
    count = 0
    for sop_class, transfer_syntax in objects:
        more = [o for o in storage_offers(sop_class, transfer_syntax) if o not in offers]
        if len(offers) + len(more) > MAX_CONTEXTS:
            yield count, tuple(offers)
            offers, count = {}, 0
            more = list(storage_offers(sop_class, transfer_syntax))
        offers.update(dict.fromkeys(more))
        count += 1
    if count:
        yield count, tuple(offers)
