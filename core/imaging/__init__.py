"""Pictures of DICOM objects, decoded in a process apart."""

from core.imaging.guard import Decoder

__all__ = ["Decoder"]
