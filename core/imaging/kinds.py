"""What an object without pixel data is, in words."""

from __future__ import annotations

from pydicom.dataset import Dataset
from pydicom.uid import UID

NO_IMAGES = {
    "1.2.840.10008.5.1.4.1.1.104.1": "an encapsulated PDF has no picture",
    "1.2.840.10008.5.1.4.1.1.104.2": "an encapsulated CDA document has no picture",
    "1.2.840.10008.1.3.10": "a DICOMDIR has no picture",
}
KINDS = {
    "1.2.840.10008.5.1.4.1.1.88.": "a structured report has no picture",
    "1.2.840.10008.5.1.4.1.1.9.": "a waveform has no picture",
    "1.2.840.10008.5.1.4.1.1.11.": "a presentation state has no picture",
}


_PICTURES = ("Image", "RT Dose", "Segmentation", "Parametric Map")
"""What is in the names of classes whose objects should have a picture."""


def no_image(ds: Dataset) -> str:
    """Why an object without pixel data has no picture, by what kind of object it is."""
    meta = getattr(ds, "file_meta", None)
    stored = ds.get("SOPClassUID") or (meta and meta.get("MediaStorageSOPClassUID")) or ""
    uid = str(stored)
    if uid in NO_IMAGES:
        return NO_IMAGES[uid]
    for prefix, meaning in KINDS.items():
        if uid.startswith(prefix):
            return meaning
    name = UID(uid).name if uid else ""
    if not uid or name == uid or any(word in name for word in _PICTURES):
        return "it has no pixel data"
    return f"an object of class {name.removesuffix(' Storage')} has no picture"
