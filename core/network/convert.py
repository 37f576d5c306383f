"""Objects rewritten from one native transfer syntax into another, for peers that take no other.

Pixels are left as they are, so big endian (whose words would need swapping) and compressed
objects are not converted here.
"""

from __future__ import annotations

from pydicom import dcmread
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset

from core.errors import NotDicomError
from core.network.contexts import DEFLATED_LE, EXPLICIT_LE, IMPLICIT_LE
from core.network.part10 import ObjectFile


def is_possible(transfer_syntax_uid: str) -> bool:
    """Whether an object in this transfer syntax can be rewritten."""
    return transfer_syntax_uid in (IMPLICIT_LE, EXPLICIT_LE, DEFLATED_LE)


def to_native(found: ObjectFile, transfer_syntax_uid: str) -> memoryview:
    """The data set of an object in implicit or explicit VR little endian.

    Raises NotDicomError where it cannot be read well enough for that.
    """
    try:
        ds = dcmread(found.path, force=True)
        with DicomBytesIO() as out:
            out.is_implicit_VR = transfer_syntax_uid == IMPLICIT_LE
            out.is_little_endian = True
            write_dataset(out, ds)
            return memoryview(out.getvalue())
    except OSError:
        raise
    except Exception as exc:
        # pydicom raises whatever its parsing ran into.
        raise NotDicomError(f"the object cannot be rewritten ({type(exc).__name__})") from exc
