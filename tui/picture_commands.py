"""The commands of a picture: which one, how it is seen, and how near."""

from __future__ import annotations

from functools import partial

from tui.command import Command, Place, of_part

_lens = partial(of_part, Place.LENS)
_picture = partial(of_part, Place.PICTURE)
_small = partial(of_part, Place.THUMBNAILS)


def _arrows(name: str, keys: tuple[str, str, str, str], help: str) -> tuple[Command, ...]:  # noqa: A002
    """One command for each side, with {} in its help for where it leads."""
    sides = (("up", 0, -1), ("down", 0, 1), ("left", -1, 0), ("right", 1, 0))
    return tuple(
        _lens(
            f"{name}_{side}",
            key,
            f"{name.capitalize()} {side}",
            help.format(side),
            f"{name}({x}, {y})",
        )
        for (side, x, y), key in zip(sides, keys, strict=True)
    )


PICTURE_COMMANDS: tuple[Command, ...] = (
    # -- how near; the widget that shows the picture has these
    _lens("nearer", "plus,equals_sign", "Zoom", "Larger.", "zoom(1)", footer=True),
    _lens("farther", "minus", "Smaller", "Smaller.", "zoom(-1)"),
    _lens("fit", "0", "Fit", "All of the picture."),
    _lens(
        "one_to_one", "z", "1:1", "One stored pixel for each one that is drawn; all of it again."
    ),
    _lens("cursor", "c", "Cursor", "Say the value of a pixel; no longer.", footer=True),
    *_arrows(
        "move",
        ("up", "down", "left", "right"),
        "The cursor {} by what is drawn; without one the picture before or after.",
    ),
    *_arrows(
        "creep",
        ("ctrl+up", "ctrl+down", "ctrl+left", "ctrl+right"),
        "The cursor {} by one stored pixel.",
    ),
    *_arrows(
        "pan",
        ("shift+up,k", "shift+down,j", "shift+left,h", "shift+right,l"),
        "See what is farther {}, where it is zoomed; else the picture before or after.",
    ),
    _lens(
        "marks",
        "t",
        "Letters",
        "Letters of the patient's sides and the overview over the picture, or nothing at all.",
    ),
    # -- which picture, and how it is seen
    _picture("play", "space", "Play", "Play frames or series, or stop.", footer=True),
    _picture("faster", "greater_than_sign", "Faster", "Play faster.", "pace(1)"),
    _picture("slower", "less_than_sign", "Slower", "Play slower.", "pace(-1)"),
    _picture("rate", "R", "Rate", "Ask for frames per second."),
    _picture("sweep", "S", "Sweep", "Play back and forth, or round and round."),
    _picture("page_up", "pageup", "Page up", "Ten pictures back.", "step(-10)"),
    _picture("page_down", "pagedown", "Page down", "Ten pictures on.", "step(10)"),
    _picture("first", "home", "First", "The first frame or instance.", "end(-1)"),
    _picture("last", "end", "Last", "The last frame or instance.", "end(1)"),
    _picture("choose_window", "W", "Windows", "Choose a window by its name.", footer=True),
    _picture("go_to", "g", "Go to", "Ask for the number of a frame or instance."),
    _picture(
        "narrower",
        "left_parenthesis",
        "Narrower",
        "A narrower window: more contrast.",
        "change_window(-1, 0)",
    ),
    _picture(
        "wider",
        "right_parenthesis",
        "Wider",
        "A wider window: less contrast.",
        "change_window(1, 0)",
    ),
    _picture(
        "level_down",
        "left_curly_bracket",
        "Level down",
        "A lower window: brighter.",
        "change_window(0, -1)",
    ),
    _picture(
        "level_up",
        "right_curly_bracket",
        "Level up",
        "A higher window: darker.",
        "change_window(0, 1)",
    ),
    _picture("automatic", "a", "Automatic", "A window over the values that occur."),
    _picture("invert", "i", "Invert", "Black for white, or as it was.", footer=True),
    _picture("overlays", "o", "Overlays", "Without overlays, or with them."),
    _picture("reset", "r", "Reset", "Window, grey and size as at first.", footer=True),
    _picture(
        "strip",
        "T",
        "Small pictures",
        "A strip of the series, all of it, or none of it.",
        footer=True,
    ),
    # -- in the small pictures
    _small("up", "up,k", "Up", "To the small picture above.", "go(0, -1)"),
    _small("down", "down,j", "Down", "To the small picture below.", "go(0, 1)"),
    _small("left", "left,h", "Left", "To the small picture before.", "go(-1, 0)"),
    _small("right", "right,l", "Right", "To the next small picture.", "go(1, 0)"),
    _small("page_up", "pageup", "Page up", "As many back as are in sight.", "page(-1)"),
    _small("page_down", "pagedown", "Page down", "As many on as are in sight.", "page(1)"),
    _small("first", "home", "First", "To the first small picture.", "end(-1)"),
    _small("last", "end", "Last", "To the last small picture.", "end(1)"),
    _small("open", "enter", "Open", "Look at this one.", "open"),
    _small("leave", "escape", "Back", "Back to the picture.", "leave"),
)
"""Their actions are methods of the widgets: PictureStage has those of Place.LENS, PicturePane those
of Place.PICTURE, Thumbnails those of Place.THUMBNAILS."""
