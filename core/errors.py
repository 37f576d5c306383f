"""Everything Modalitty raises on purpose.

A peer's refusal is not here: it is an :class:`core.model.Outcome`, a value. These are for misuse,
broken configuration and a disk that will not take what we hold::

    ModalittyError            message for a person, and a hint that says what to do
    ├── UsageError            the caller asked for something that cannot be asked
    ├── SettingsError         a configuration that cannot be used; names file and key
    ├── ListenError           the listener cannot have its address
    ├── NotDicomError         bytes that are not a DICOM object
    ├── NotHeldError          nothing by that identifier in the archive
    ├── NoPreviewError        an object with no picture to show, or one too dangerous to decode
    ├── NoDocumentError       an object with nothing to read, or nothing that can be read safely
    ├── ConversionError       an object that cannot be had in another transfer syntax
    └── ArchiveError          the archive cannot do it
        ├── ArchiveLockedError    another station owns the data folder
        ├── MismatchError         an object that is not what its sender says it is
        ├── DuplicateError        policy forbids a second object with this SOP Instance UID
        └── OutOfResourcesError   no room left: disk, quota or a limit
"""

from __future__ import annotations


class ModalittyError(Exception):
    """A fault that a person can do something about: what happened, and what to do."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} ({self.hint})" if self.hint else self.message


class UsageError(ModalittyError):
    """The request cannot be made as it was put: a missing unique key, an AE title too long."""


class SettingsError(ModalittyError):
    """A configuration that cannot be used; the message names the file and the key."""


class ListenError(ModalittyError):
    """The listener cannot have the address it is configured for."""


class NotDicomError(ModalittyError):
    """The bytes are not a DICOM object."""


class NotHeldError(ModalittyError):
    """The archive holds nothing by that identifier."""


class NoPreviewError(ModalittyError):
    """There is no picture to show: not an image, not decodable, or refused by a guard."""


class NoDocumentError(ModalittyError):
    """There is nothing to read but a picture, or it cannot be read within bounds."""


class ConversionError(ModalittyError):
    """The object cannot be had in another transfer syntax: damaged, too large, no decoder."""


class ArchiveError(ModalittyError):
    """The archive cannot do what was asked."""


class ArchiveLockedError(ArchiveError):
    """Another station owns the data folder; the message names it."""


class MismatchError(ArchiveError):
    """The data set names another SOP class or instance than the command that brought it."""


class DuplicateError(ArchiveError):
    """The duplicates policy refuses a second object with the same SOP Instance UID."""


class OutOfResourcesError(ArchiveError):
    """There is no room: the disk is full, or a limit is reached."""
