"""A text among other parts of a screen, told anew again and again."""

from __future__ import annotations

from textual.visual import VisualType
from textual.widgets import Static


class Words(Static):
    """A text as wide as there is room: the screen is laid out again where its height changes.

    To lay a screen out and paint all of it takes as long as all else that a key has to do.
    """

    def update(self, content: VisualType = "", *, layout: bool = True) -> None:
        """Show this instead."""
        before = self._height()
        super().update(content, layout=False)
        if layout and (not before or self._height() != before):
            self.refresh(layout=True)

    def _height(self) -> int:
        """Lines that it takes; 0 where it is not to be seen yet."""
        return self.get_content_height(self.container_size, self.app.size, self.size.width)
