"""Takes the README's pictures from the running demo: `make screenshots`.

The real console is driven by its keys, over the demo's own stations; each picture is saved once the
screen shows what it is to show, so a picture cannot show what the program does not do.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct
from textual.pilot import Pilot

from core.model import Modality
from tests.peers.processes import free_port
from tests.tui.console import until_shown
from tui.app import ModalittyApp
from tui.verbs.service import demo_station

PICTURES = Path(__file__).parent / "pictures"
SIZE = (110, 30)


class Scene(Struct, frozen=True):
    """Keys, one after another, each with what it brings to the screen; then the picture's name."""

    name: str
    steps: Sequence[tuple[str, str]]


SCENES = (
    Scene("network", (("A", "answers"), ("A", "refused"))),
    Scene("doctor", (("D", "nothing listens on that port"), ("", "Calls from it"))),
    Scene(
        "query",
        (
            ("escape", "Last fault"),
            ("down", "DEMOPACS at"),
            ("f", "studies"),
            ("enter", "12 studies"),
            ("space", "● Phantom"),
        ),
    ),
    Scene("transfers", (("m", "C-MOVE to"), ("enter", ""), ("3", "49/49"))),
    Scene("archive", (("4", "P-1001"), ("enter", "Thorax"))),
    Scene("inspector", (("enter", "CT Image"), ("enter", "(0008,0005)"), ("", "▄▄▄▄▄▄▄▄"))),
    Scene(
        "picture",
        (
            ("v", "v: picture"),
            ("v", "space Play"),
            ("]", "instance 2 of"),
            ("T", " 6 "),
            ("c", " HU, stored "),
        ),
    ),
    Scene("traffic", (("5", "C-STORE"),)),
    Scene("settings", (("6", "AE title"),)),
    Scene("help", (("question_mark", "Settings"),)),
)


def take(
    folder: Path, scenes: Sequence[Scene] = SCENES, size: tuple[int, int] = SIZE
) -> list[Path]:
    """Play the scenes and save a picture of each as SVG; where they lie.

    Raises AssertionError where the screen does not show what a scene expects.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with demo_station() as (station, start):
        start.work()
        # One that does not answer: what the console says then is what it is for.
        station.modalities.put(
            Modality(name="ct1", ae_title="CT1", host="127.0.0.1", port=free_port())
        )
        app = ModalittyApp(station, title="Modalitty demo")
        return asyncio.run(_play(app, folder, scenes, size))


async def _play(
    app: ModalittyApp, folder: Path, scenes: Sequence[Scene], size: tuple[int, int]
) -> list[Path]:
    saved = []
    async with app.run_test(size=size, notifications=False) as pilot:
        await until_shown(pilot, "demo-pacs")
        for scene in scenes:
            await _act(pilot, scene)
            path = folder / f"{scene.name}.svg"
            path.write_text(app.export_screenshot(title=f"Modalitty: {scene.name}"))
            saved.append(path)
    return saved


async def _act(pilot: Pilot[object], scene: Scene) -> None:
    for key, shown in scene.steps:
        if key:
            await pilot.press(key)
        await until_shown(pilot, shown)
    await pilot.pause()


if __name__ == "__main__":
    for picture in take(PICTURES):
        print(picture)
