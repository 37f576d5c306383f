"""Which row of an outline stands under which: told by how deep each is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class Deep(Protocol):
    """A row that knows how many rows it stands under."""

    @property
    def depth(self) -> int:
        """Rows above it, up to the top."""


def parents_of(rows: Sequence[Deep]) -> list[int | None]:
    """For each row the index of the one it stands under, None at the top."""
    parents: list[int | None] = []
    above: list[int] = []
    for index, row in enumerate(rows):
        while above and rows[above[-1]].depth >= row.depth:
            above.pop()
        parents.append(above[-1] if above else None)
        above.append(index)
    return parents
