"""How quick the row table is: `python benchmarks/row_table.py [ROWS ...]`.

Adding, filtering, sorting and scrolling are timed on a real app without a terminal; a frame is a
key press until all of the screen is painted again. Times are milliseconds.
"""

from __future__ import annotations

import asyncio
import gc
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from time import perf_counter

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from textual.app import App, ComposeResult
from textual.message import Message
from textual.pilot import Pilot

from tui.calls import BATCH
from tui.widgets.filter_bar import FilteredTable
from tui.widgets.row_columns import Column, Kind
from tui.widgets.row_table import RowTable

COLUMNS = (
    Column("PatientName", "Patient", Kind.NAME, min_width=12, flex=1, priority=0),
    Column("PatientID", "Patient ID"),
    Column("StudyDate", "Date", Kind.DATE, width=10),
    Column("ModalitiesInStudy", "Mod"),
    Column("StudyDescription", "Description", flex=1, priority=2),
    Column("Instances", "Inst", Kind.NUMBER),
    Column("StudyInstanceUID", "Study Instance UID", max_width=64, priority=3),
)
NAMES = ("Smith^John", "Yamada^Tarou=山田^太郎=やまだ^たろう", "قباني^لنزار", "Müller^Jürgen")


def rows(count: int, start: int = 0) -> Iterator[tuple[str, dict[str, object]]]:
    random = Random(start)
    for i in range(start, start + count):
        uid = f"1.2.826.0.1.3680043.8.498.{i}.{random.randrange(10**12)}"
        yield (
            uid,
            {
                "PatientName": f"{NAMES[i % 4]}{i % 5000}",
                "PatientID": f"P{random.randrange(10**7):07}",
                "StudyDate": f"20{i % 24:02}{1 + i % 12:02}{1 + i % 28:02}",
                "ModalitiesInStudy": ("CT", "MR", "US", "CR")[i % 4],
                "StudyDescription": f"Abdomen {i % 77}",
                "Instances": str(random.randrange(5000)),
                "StudyInstanceUID": uid,
            },
        )


class Bench(App[None]):
    def __init__(self) -> None:
        super().__init__()
        self.table = RowTable(COLUMNS)

    def compose(self) -> ComposeResult:
        yield FilteredTable(self.table)

    def on_rows(self, message: Rows) -> None:
        self.table.add_rows(message.rows)


def timed(label: str, work: Callable[[], object]) -> None:
    start = perf_counter()
    work()
    print(f"  {label:<34}{(perf_counter() - start) * 1000:9.1f}")


async def frames(label: str, pilot: Pilot[None], key: str, count: int = 60) -> None:
    """Times from key to paint, without a terminal's own time."""
    table, screen = pilot.app.query_one(RowTable), pilot.app.screen
    times = []
    for _ in range(count):
        start = perf_counter()
        await pilot.app.run_action(f"cursor('{key}')", table)
        screen._compositor.render_update(full=True, simplify=True)
        times.append((perf_counter() - start) * 1000)
        await pilot.pause()
    middle = sorted(times)[count // 2]
    print(f"  {label:<34}{max(times):9.1f}  at most, median {middle:.1f}")


async def arrive(count: int, filter_text: str = "") -> None:
    """Rows come as a C-FIND of many matches brings them: by the thousand, from a thread.

    Told are the longest time in which the screen answered nothing, and how long after the last row
    all of them stood in the table, read for the filter.
    """
    data = list(rows(count))
    app = Bench()
    async with app.run_test(size=(200, 50)) as pilot:
        table, gaps = app.table, [0.0]
        table.filter_text = filter_text
        gc.collect()
        thread = threading.Thread(target=_post_all, args=(app, data), daemon=True)
        thread.start()
        last, ended = perf_counter(), 0.0
        while table.row_count < count or not table.idle:
            await asyncio.sleep(0)
            now = perf_counter()
            gaps.append(now - last)
            last = now
            ended = ended or (now if table.row_count == count else 0.0)
        name = f"arrive, filter {filter_text!r}" if filter_text else "arrive"
        worst = sorted(gaps)[-1] * 1000
        print(f"  {name + ', no answer for':<34}{worst:9.1f}  at most")
        print(f"  {name + ', all of it shown':<34}{(last - ended) * 1000:9.1f}  after the last")
        await pilot.pause()


class Rows(Message):
    def __init__(self, rows: list[tuple[str, dict[str, object]]]) -> None:
        super().__init__()
        self.rows = rows


def _post_all(app: Bench, data: list[tuple[str, dict[str, object]]]) -> None:
    for start in range(0, len(data), BATCH):
        app.post_message(Rows(data[start : start + BATCH]))


async def run(count: int) -> None:
    print(f"{count:,} rows")
    await arrive(count)
    await arrive(count, "smith")
    data = list(rows(count))
    app = Bench()
    async with app.run_test(size=(200, 50)) as pilot:
        table = app.table
        table.focus()
        timed("add", lambda: (table.add_rows(data), table.visible_count))
        start = perf_counter()
        while not table.idle:
            await pilot.pause(0.001)
        print(f"  {'read text for the filter, idle':<34}{(perf_counter() - start) * 1000:9.1f}")
        await frames("scroll by line", pilot, "down")
        await frames("scroll by page", pilot, "page_down")
        await frames("first and last", pilot, "last", 2)
        for text in ("s", "sm", "smi", "smith4", "smith", "", "~smith.*ct$", "!~smith", ""):
            timed(f"filter {text!r}", lambda text=text: (
                setattr(table, "filter_text", text), table.visible_count))  # fmt: skip
        for key in ("Instances", "PatientName", "StudyDate"):
            timed(f"sort by {key}", lambda key=key: table.sort(key))
            timed(f"sort by {key}, turned", lambda key=key: table.sort(key, reverse=True))
        for text in ("s", "smith4", ""):
            timed(f"filter {text!r}, sorted", lambda text=text: (
                setattr(table, "filter_text", text), table.visible_count))  # fmt: skip
        more = list(rows(100, count))
        timed("100 more into the order", lambda: (table.add_rows(more), table.visible_count))
        timed("mark all", lambda: table.action_mark_all("all"))
        table.filter_text = "smith"
        while not table.idle:
            await pilot.pause(0.001)
        await frames("scroll by page, marked and filtered", pilot, "page_up")


if __name__ == "__main__":
    gc.set_threshold(50_000, 20, 100)  # as the console does
    gc.freeze()
    for wanted in [int(arg) for arg in sys.argv[1:]] or [100_000, 1_000_000]:
        asyncio.run(run(wanted))
