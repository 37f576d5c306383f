"""The query place: ask modalities what they have, and retrieve it."""

from tui.screens.query.screen import QueryScreen

__all__ = ["QueryScreen"]
