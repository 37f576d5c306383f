"""One object to be looked at: a file, or one held here by its SOP Instance UID."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from core.documents import DocumentReader
from core.errors import ModalittyError, NotHeldError
from core.imaging.decoder import Decoder
from core.model import (
    Comparison,
    Document,
    ElementRow,
    Picture,
    PixelValue,
    Ref,
    Rendering,
    Validation,
    ValuePage,
    ValuePlace,
)

if TYPE_CHECKING:
    from core.archive.archive import Archive

_AS_IT_IS = Rendering()


class Objects:
    """Tags, pictures and documents of single objects."""

    def __init__(
        self, archive: Callable[[], Archive], looked_at: Callable[[str], Path | None]
    ) -> None:
        """Make it; `looked_at` gives the file of an object that is here to be looked at only."""
        self._archive = archive
        self._looked_at = looked_at
        self._decoder = Decoder()
        self._reader = DocumentReader()

    def close(self) -> None:
        """End the processes that decode and read."""
        self._decoder.close()
        self._reader.close()

    def warm_up(self) -> None:
        """Start the process that decodes, so that the first picture need not wait for it."""
        self._decoder.warm_up()

    def dump(self, source: Path | str) -> tuple[ElementRow, ...]:
        """Show the tags of a file, or of an object held here by its SOP Instance UID.

        Raises NotDicomError, NotHeldError.
        """
        from core import dump

        return tuple(dump.rows(self._path(source)))

    def page(
        self, source: Path | str, place: ValuePlace, number: int = 0, *, as_bytes: bool = False
    ) -> ValuePage:
        """Read one page of a value that `dump` gave the place of, counted from 0.

        Raises NotDicomError, NotHeldError.
        """
        from core import dump

        return dump.page(self._path(source), place, number, as_bytes=as_bytes)

    def compare(self, left: Path | str, right: Path | str) -> Comparison:
        """Tell in which elements two objects differ; raises NotDicomError, NotHeldError."""
        from core import dump

        return dump.compare(self._path(left), self._path(right))

    def compare_series(
        self, left: Ref, right: Ref, stopped: Callable[[], bool] = lambda: False
    ) -> Comparison:
        """Tell in what two series differ that each says alike in all of its objects.

        It ends with a ModalittyError once `stopped()`, which is asked between two objects. Raises
        NotDicomError, NotHeldError.
        """
        from core import dump

        one, other = (self._until(stopped, self._paths(ref)) for ref in (left, right))
        return dump.compare_series(one, other)

    @staticmethod
    def _until(stopped: Callable[[], bool], paths: Iterable[Path]) -> Iterator[Path]:
        for path in paths:
            if stopped():
                raise ModalittyError("it was stopped")
            yield path

    def dicom_json(self, source: Path | str) -> Mapping[str, object]:
        """Give the tags in the DICOM JSON Model, without bulk data (PS3.18 annex F)."""
        from core import dump

        return dump.dicom_json(self._path(source))

    def validate(self, source: Path | str) -> Validation:
        """Hold an object against the rules for its class; raises NotDicomError, NotHeldError."""
        from core.validation import validate

        return validate(self._path(source))

    def picture(
        self, source: Path | str, *, frame: int = 0, rendering: Rendering = _AS_IT_IS
    ) -> Picture:
        """Render one frame of a file or of an object held here; raises NoPreviewError."""
        return self._decoder.picture(self._path(source), frame=frame, rendering=rendering)

    def pixel(self, source: Path | str, *, frame: int = 0, column: int, row: int) -> PixelValue:
        """Say what stands at one place of a frame, all counted from 0; raises NoPreviewError."""
        return self._decoder.pixel(self._path(source), frame=frame, column=column, row=row)

    def document(self, source: Path | str) -> Document:
        """Read what a file or an object held here says beside a picture; raises NoDocumentError."""
        return self._reader.document(self._path(source))

    def embedded(self, source: Path | str) -> bytes:
        """Take the PDF, CDA or other document out of an object; raises NoDocumentError."""
        return self._reader.embedded(self._path(source))

    def _paths(self, ref: Ref) -> list[Path]:
        paths = [Path(instance.path) for instance in self._archive().instances(ref)]
        if not paths:
            raise NotHeldError("nothing of the series is held here", "retrieve it first")
        return paths

    def _path(self, source: Path | str) -> Path:
        if isinstance(source, Path):
            return source
        return self._looked_at(source) or Path(self._archive().instance(source).path)
