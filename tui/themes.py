"""Colours: themes beside those of Textual, and what a terminal can show of them."""

from __future__ import annotations

import os
from collections.abc import MutableMapping

from textual.app import App
from textual.theme import Theme

HIGH_CONTRAST = (
    Theme(
        name="high-contrast",
        dark=True,
        primary="#00ffff",
        secondary="#ffffff",
        accent="#ffff00",
        foreground="#ffffff",
        background="#000000",
        surface="#000000",
        panel="#262626",
        boost="#262626",
        success="#00ff00",
        warning="#ffff00",
        error="#ff8080",
        text_alpha=1.0,
        variables={
            "text-muted": "#ffffff",
            "block-cursor-background": "#ffff00",
            "block-cursor-foreground": "#000000",
            "block-cursor-blurred-background": "#5f5f00",
            "footer-key-foreground": "#ffff00",
            "border": "#ffffff",
        },
    ),
    Theme(
        name="high-contrast-light",
        dark=False,
        primary="#00008b",
        secondary="#000000",
        accent="#7a0052",
        foreground="#000000",
        background="#ffffff",
        surface="#ffffff",
        panel="#dcdcdc",
        boost="#dcdcdc",
        success="#005000",
        warning="#6b3d00",
        error="#a00000",
        text_alpha=1.0,
        variables={
            "text-muted": "#000000",
            "block-cursor-background": "#00008b",
            "block-cursor-foreground": "#ffffff",
            "block-cursor-blurred-background": "#b0b0e0",
            "footer-key-foreground": "#00008b",
            "border": "#000000",
        },
    ),
)
"""At least 7:1 between text and ground, as WCAG 2 AAA asks, for every tone."""
FEW_COLOURS = ("standard", "windows")


def no_color(environ: MutableMapping[str, str] = os.environ) -> bool:
    """Whether whoever runs us wants no colours (https://no-color.org: set, and not empty).

    An empty NO_COLOR, which Textual would take for a wish, is taken away.
    """
    wanted = bool(environ.get("NO_COLOR"))
    if not wanted:
        environ.pop("NO_COLOR", None)
    return wanted


def theme_for(app: App[object], wanted: str) -> str:
    """The theme to use where `wanted` is asked for: a terminal of few colours gets its own ones."""
    theme = app.get_theme(wanted) or app.get_theme("textual-dark")
    dark = theme is None or theme.dark
    few = not app.is_headless and app.console.color_system in FEW_COLOURS
    if app.no_color or few:
        return "ansi-dark" if dark else "ansi-light"
    return theme.name if theme else wanted
