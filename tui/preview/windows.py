"""How pictures are wanted: through which window, inverted or not, with overlays or without."""

from __future__ import annotations

from dataclasses import dataclass, field

from msgspec.structs import replace

from core.errors import UsageError
from core.model import Picture, PixelMode, Rendering, Window, presets_for

WIDTH_STEP = 1.1
"""One step of width is a tenth."""
LEVEL_STEP = 0.05
"""One step of level, as a share of the width."""
NARROWEST = 1e-6


@dataclass(frozen=True)
class WindowChoice:
    """One of the windows that a picture can be seen through; None is the object's own first."""

    name: str
    window: Window | None = None
    automatic: bool = False
    numbers: str = field(default="", compare=False)
    """Center and width, for people."""


def numbers(window: Window) -> str:
    """Center and width of a window, rounded for people."""
    return f"{window.center:.6g}/{window.width:.6g}"


def choices(picture: Picture) -> tuple[WindowChoice, ...]:
    """The object's own windows, an automatic one, those that go by names; none for colours."""
    if picture.mode is PixelMode.COLOUR:
        return ()
    own = [
        WindowChoice(
            window.explanation or "from the object",
            window if index else None,
            numbers=numbers(window),
        )
        for index, window in enumerate(picture.windows)
    ]
    named = [
        WindowChoice(window.explanation, window, numbers=numbers(window))
        for window in presets_for(picture)
    ]
    first = own or [WindowChoice("as the object says")]
    return (*first, WindowChoice("automatic", automatic=True), *named)


def by_name(picture: Picture, name: str) -> WindowChoice:
    """The window of that name, whatever its capitals; raises UsageError with those there are."""
    offered = choices(picture)
    for choice in offered:
        if choice.name.casefold() == name.casefold():
            return choice
    listed = ", ".join(choice.name for choice in offered)
    hint = f"there are: {listed}" if offered else "colours have no windows"
    raise UsageError(f"this picture has no window {name}", hint)


class Windows:
    """What is chosen; it stays from picture to picture."""

    def __init__(self) -> None:
        self._choice = WindowChoice("")
        self.is_inverted = False
        self.has_overlays = True

    def rendering(self, edge: int = 0) -> Rendering:
        """The wish as the station takes it."""
        return Rendering(
            window=self._choice.window,
            automatic=self._choice.automatic,
            invert=self.is_inverted,
            overlays=self.has_overlays,
            edge=edge,
        )

    @property
    def chosen(self) -> WindowChoice:
        """The window chosen."""
        return self._choice

    def choose(self, choice: WindowChoice) -> None:
        """See pictures through this window."""
        self._choice = choice

    def index_in(self, offered: tuple[WindowChoice, ...]) -> int | None:
        """Which of those offered is chosen; None where another one is."""
        mine = (self._choice.window, self._choice.automatic)
        found = (n for n, c in enumerate(offered) if (c.window, c.automatic) == mine)
        return next(found, None)

    def next(self, picture: Picture) -> bool:
        """Choose the next one of those that the picture offers; False where it offers none."""
        offered = choices(picture)
        if offered:
            index = self.index_in(offered)
            self.choose(offered[0 if index is None else (index + 1) % len(offered)])
        return bool(offered)

    def change(self, picture: Picture, width: float, level: float) -> bool:
        """Change the window that is applied by so many steps; False where there is none to change.

        Where a picture has none (a table, or grey levels as they are), the automatic one is the
        first step.
        """
        if picture.mode is PixelMode.COLOUR:
            return False
        now = self._choice.window if self._is_free else picture.window
        if now is None:
            self.choose(WindowChoice("automatic", automatic=True))
            return True
        new = replace(
            now,
            center=now.center + level * LEVEL_STEP * now.width,
            width=max(NARROWEST, now.width * WIDTH_STEP**width),
            explanation=FREE,
        )
        self.choose(WindowChoice(FREE, new))
        return True

    @property
    def _is_free(self) -> bool:
        """True where steps may be under way that no picture shows yet."""
        return self._choice.window is not None and self._choice.name == FREE

    def reset(self) -> None:
        """Want pictures as the objects say."""
        self._choice = WindowChoice("")
        self.is_inverted, self.has_overlays = False, True


FREE = "by hand"
