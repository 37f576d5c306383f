"""An object that is open: what it says of its frames, and those of them that were decoded last."""

from __future__ import annotations

import time
from collections import OrderedDict
from functools import cached_property
from pathlib import Path

from pydicom.uid import ExplicitVRBigEndian, RLELossless

from core.errors import NoPreviewError
from core.imaging.files import ImageFile
from core.imaging.frame import FrameAttributes
from core.imaging.kinds import no_image
from core.imaging.layout import Array, Layout, layout_of
from core.imaging.palette import Palette, palette_of
from core.imaging.patience import PATIENCE
from core.imaging.pixels import decode
from core.imaging.video import Video, kind_of

KEPT_BYTES = 64 << 20
"""Decoded frames that are kept for another window or a pixel's value; the last one always is."""


class OpenedImage:
    """One object with its file. Raises NoPreviewError where there is no picture in it."""

    def __init__(self, path: Path) -> None:
        self.file = ImageFile(path, is_lazy=True)
        self.ds = self.file.ds
        self.seconds = 0.0
        """How long it took to decode the last frame that was decoded."""
        self._decoded: OrderedDict[int, Array] = OrderedDict()

    def close(self) -> None:
        """Let go of the file."""
        self.file.close()

    @cached_property
    def layout(self) -> Layout:
        """What the Image Pixel module says."""
        if not self.file.keyword:
            raise NoPreviewError(f"no preview: {no_image(self.ds)}")
        return self.video.layout if self.video else layout_of(self.file)

    @cached_property
    def video(self) -> Video | None:
        """The video that the pixel data is, None where it is none."""
        kind = kind_of(str(self.file.transfer_syntax))
        return Video(self.file, kind) if kind else None

    @cached_property
    def palette(self) -> Palette | None:
        """The colours that stored values stand for, where the object says so."""
        little = self.file.transfer_syntax != ExplicitVRBigEndian
        return palette_of(self.ds, signed=self.layout.signed, little=little)

    def attributes(self, frame: int) -> FrameAttributes:
        """What rules for one frame."""
        groups = self.file.groups
        return FrameAttributes(self.ds, frame, groups.item(frame) if groups else None)

    def raw(self, frame: int) -> Array:
        """The samples of one frame as they were decoded, with what is in unused bits."""
        if frame not in self._decoded:
            layout = self.layout
            began = time.monotonic()
            decoded = self.video.frame(frame) if self.video else decode(self.file, layout, frame)
            self._decoded[frame] = decoded
            self.seconds = time.monotonic() - began
        else:
            # It was allowed for when it was decoded; what is made of it takes time again.
            PATIENCE.extend(min(self.file.size, self._decoded[frame].nbytes))
        self._decoded.move_to_end(frame)
        while len(self._decoded) > 1 and self._size() > KEPT_BYTES:
            self._decoded.popitem(last=False)
        return self._decoded[frame]

    def stored(self, frame: int) -> Array:
        """The stored values of one frame: rows by columns, or rows by columns by 3 in RGB."""
        array, syntax = self.raw(frame), self.file.transfer_syntax
        # What other decoders give has no unused bits.
        whole = self.file.is_encapsulated and syntax != RLELossless
        return array if whole else self.layout.without_unused_bits(array)

    def _size(self) -> int:
        return sum(array.nbytes for array in self._decoded.values())
