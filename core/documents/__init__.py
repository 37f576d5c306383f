"""What objects hold that is no image, read in a process apart."""

from core.documents.reader import DocumentReader

__all__ = ["DocumentReader"]
