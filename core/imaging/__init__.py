"""Pictures of DICOM objects, decoded in a process apart."""

from core.imaging.decoder import Decoder

__all__ = ["Decoder"]
