"""One object: its tags, and its picture beside them."""

from tui.screens.inspector.screen import InspectorScreen

__all__ = ["InspectorScreen"]
