"""JPEG Extended with 12 bits, decoded by GDCM: pydicom asks it for 8 bits only."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from pydicom.uid import JPEGExtended12Bit


def decode_12_bit(coded: bytes, rows: int, columns: int) -> NDArray[np.uint16]:
    """One grey frame as rows by columns of 16 bit words; raises ValueError where GDCM cannot."""
    import gdcm

    fragment = gdcm.Fragment()
    fragment.SetByteStringValue(coded)
    fragments = gdcm.SequenceOfFragments.New()
    fragments.AddFragment(fragment)
    element = gdcm.DataElement(gdcm.Tag(0x7FE0, 0x0010))
    element.SetValue(fragments.__ref__())
    bitmap = gdcm.Image()
    bitmap.SetNumberOfDimensions(2)
    bitmap.SetDimensions((columns, rows, 1))
    bitmap.SetDataElement(element)
    grey = gdcm.PhotometricInterpretation.GetPIType("MONOCHROME2")
    bitmap.SetPhotometricInterpretation(gdcm.PhotometricInterpretation(grey))
    syntax = gdcm.TransferSyntax.GetTSType(str(JPEGExtended12Bit))
    bitmap.SetTransferSyntax(gdcm.TransferSyntax(syntax))
    bitmap.SetPixelFormat(gdcm.PixelFormat(1, 16, 12, 11, 0))
    text = bitmap.GetBuffer()
    if text is None:
        raise ValueError("GDCM cannot decode it")
    # GDCM hands bytes over as a str.
    words: NDArray[np.uint16] = np.frombuffer(text.encode("utf-8", "surrogateescape"), "<u2")
    return words.reshape(rows, columns)
