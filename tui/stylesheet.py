"""The rules for how the screen looks, parsed no more often than they change."""

from __future__ import annotations

from textual.css.stylesheet import Stylesheet


class Rules(Stylesheet):
    """A stylesheet that is parsed anew only where its variables have changed.

    Textual has all of it parsed anew, twice, for each screen that is opened first: some 30 ms of
    the first frame, and of the first key that leads to a place.
    """

    def __init__(self, *, variables: dict[str, str]) -> None:
        super().__init__(variables=variables)
        self._parsed_with = self._wanted = variables

    def set_variables(self, variables: dict[str, str]) -> None:
        """Take what a theme gives to the rules."""
        if variables != self._wanted:
            super().set_variables(variables)
            self._wanted = variables

    def reparse(self) -> None:
        """Parse what is there with the variables as they are now; raises StylesheetError."""
        if self._wanted != self._parsed_with:
            super().reparse()
            self._parsed_with = self._wanted
