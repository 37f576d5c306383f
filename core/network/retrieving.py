"""Which presentation contexts a C-GET proposes for the objects that are to come.

There are 128 contexts in all (PS3.8 9.3.2.2), one for the C-GET itself. The peer sends an object as
it is where its transfer syntax has a context of its own, and has to convert it otherwise; so a few
SOP classes get many contexts each, and many get two: native, and all that is compressed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from core.network.contexts import (
    DEFLATED_LE,
    EXPLICIT_BE,
    EXPLICIT_LE,
    IMPLICIT_LE,
    Offer,
)
from core.network.items import MAX_CONTEXTS

_JPEG = "1.2.840.10008.1.2.4."
_COMPRESSED = (
    _JPEG + "90",  # JPEG 2000 lossless
    _JPEG + "70",  # JPEG lossless, first order
    _JPEG + "50",  # JPEG baseline
    _JPEG + "80",  # JPEG-LS lossless
    "1.2.840.10008.1.2.5",  # RLE
    _JPEG + "91",  # JPEG 2000
    _JPEG + "51",  # JPEG extended
    _JPEG + "57",  # JPEG lossless
    _JPEG + "81",  # JPEG-LS near-lossless
    DEFLATED_LE,
    EXPLICIT_BE,
    *(_JPEG + tail for tail in ("102", "103", "104", "105", "106", "107", "108", "100", "101")),
    *(_JPEG + tail for tail in ("201", "202", "203", "92", "93")),
)
_STORAGE = "1.2.840.10008.5.1.4.1.1."
USUAL = tuple(
    _STORAGE + tail
    for tail in (
        *("2", "2.1", "2.2", "4", "4.1", "4.2", "128", "128.1", "130", "20"),  # CT MR PET NM
        *("1", "1.1", "1.1.1", "1.2", "1.2.1", "1.3", "1.3.1", "13.1.3", "13.1.1"),  # X-ray
        *("12.1", "12.1.1", "12.2", "12.2.1", "13.1.2", "13.1.4", "13.1.5"),
        *("6.1", "6.2", "3.1", "6", "3"),  # ultrasound
        *("7", "7.1", "7.2", "7.3", "7.4"),  # secondary capture
        *("77.1.1", "77.1.1.1", "77.1.4", "77.1.4.1", "77.1.2", "77.1.6"),  # visible light
        *("77.1.5.1", "77.1.5.2", "77.1.5.4"),  # ophthalmic
        *("88.11", "88.22", "88.33", "88.34", "88.50", "88.59", "88.67"),  # SR
        *("104.1", "104.2", "104.3", "11.1", "66", "66.4"),  # documents, states, objects
        *("481.1", "481.2", "481.3", "481.5", "481.8"),  # radiotherapy
    )
)
"""The storage classes that are met most, for peers that do not tell which ones they have."""


def offers(sop_classes: Sequence[str]) -> Iterator[Offer]:
    """Contexts on which we are the SCP; for the usual classes where none are known."""
    room = MAX_CONTEXTS - 1
    wanted = (tuple(sop_classes) or USUAL)[:room]
    for sop_class in wanted:
        for syntaxes in _groups(room // len(wanted)):
            yield Offer(sop_class, syntaxes, as_scp=True)


def _groups(count: int) -> Iterator[tuple[str, ...]]:
    """Transfer syntaxes in so many groups at most: the native, and the others as far as it goes."""
    native = (EXPLICIT_LE, IMPLICIT_LE)
    if count == 1:
        yield native
        return
    yield native
    alone = min(count - 2, len(_COMPRESSED))
    for syntax in _COMPRESSED[:alone]:
        yield (syntax,)
    if rest := _COMPRESSED[alone:]:
        yield rest
