"""Mixed traffic on one station for minutes or hours: do its memory and its descriptors stay flat?

    python -m benchmarks.soak --minutes 60

DCMTK's clients send, abort, query and retrieve side by side, callers are rejected, connections say
nothing or garbage, and a small quota deletes what came longest ago. Prints a line each minute and
a summary. Ends with 1 where work failed that was to succeed, where something is left over once
nobody calls any more, or where memory has grown by more than `--growth`.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pydicom
from pydicom.uid import generate_uid

from benchmarks import clients, data, machine, process
from benchmarks.__main__ import _ended
from benchmarks.faults import WorkNotDoneError, require
from benchmarks.servers import Server, configure, held_by_us, program
from core.settings_file import SettingsStore
from tests.peers import dcmtk
from tests.peers.processes import ENVIRONMENT, Peer, eventually

DESTINATION = "STORESCP"
LARGE = 20 << 20
SLICES_OF_A_STUDY = 4
_ACSE_TIMEOUT = 5
_SAMPLES_A_QUARTER = 15
_NEW_UIDS = ("+IS", "1", "+IR", "10")
"""storescu invents a study for each ten objects, so that there are whole studies to delete."""
_FAULTS = (WorkNotDoneError, AssertionError, OSError, subprocess.SubprocessError)


@dataclass(frozen=True)
class Sample:
    """The server at one moment; memory in MB, counted over its processes."""

    seconds: float
    rss: float
    anonymous: float
    descriptors: int
    threads: int
    objects: int
    megabytes: float
    """What the objects take on the disk."""


class Tally:
    """Operations done and failed, by their kind; from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.done: Counter[str] = Counter()
        self.failed: Counter[str] = Counter()

    def count(self, kind: str, fault: BaseException | None = None) -> None:
        with self._lock:
            (self.failed if fault else self.done)[kind] += 1
        if fault:
            print(f"FAILED {kind}: {type(fault).__name__}: {fault}", file=sys.stderr, flush=True)


class Soak:
    """Everything that is done to a station; each method is one operation of its kind."""

    def __init__(self, server: Server, received: Path, folder: Path) -> None:
        self._server = server
        self._received = received
        self._folder = folder
        samples = folder / "samples"
        self._ct = data.ct_slices(samples, 2 * data.SENDERS)
        self._tiny = data.tiny_objects(samples, 10 * data.SENDERS)
        self._large = data.huge_object(samples, LARGE)

    def warm_up(self) -> None:
        """Do some of the work once: what is loaded or started with the first use is no leak."""
        for act in (self.echo, self.store_tiny, self.store_aborted, self.find, self.move, self.get):
            act()

    def store_ct(self) -> None:
        self._store("ct", self._ct.parts[: SLICES_OF_A_STUDY // 2])

    def store_ct_of_another(self) -> None:
        self._store("ct-2", self._ct.parts[SLICES_OF_A_STUDY // 2 : SLICES_OF_A_STUDY])

    def store_tiny(self) -> None:
        self._store("tiny", self._tiny.parts)

    def store_large(self) -> None:
        self._store("large", self._large.parts[:1])

    def store_aborted(self) -> None:
        """End a sender somewhere in the middle: the kernel resets or closes its connection."""
        with self._popen("storescu", "+sd", *_NEW_UIDS, *self._to(), self._large.parts[0]) as sent:
            try:
                sent.wait(random.uniform(0.02, 0.3))
            except subprocess.TimeoutExpired:
                sent.kill()

    def echo(self) -> None:
        self._call("echo", "echoscu", *self._to())

    def find(self) -> None:
        """Query at each level; what comes is not counted, for studies are deleted meanwhile."""
        for level, key in (("STUDY", "PatientName=B*"), ("IMAGE", "SOPInstanceUID")):
            words = ["-S", "-k", f"QueryRetrieveLevel={level}", "-k", key, "-k", "Modality"]
            self._call("find", "findscu", *self._to(), *words)

    def move(self) -> None:
        with self._fresh_study("move") as uid:
            log = self._folder / "move.log"
            clients.move(self._server, uid, DESTINATION, log)
            self._take(self._received, uid)

    def get(self) -> None:
        with self._fresh_study("get") as uid, self._scratch() as into:
            clients.get(self._server, uid, into, self._folder / "get.log")
            self._take(into, uid)

    def rejected(self) -> None:
        """Call it by a title that it has not: the association has to be rejected."""
        words = ("-aec", "SOMEBODY", "127.0.0.1", self._server.port)
        told = dcmtk.run("echoscu", *words)
        require("rejected", told.returncode != 0 and "Reject" in told.stdout, True)

    def silent(self) -> None:
        """Connect and go without a word, now and then by a reset."""
        with self._connected() as caller:
            if random.random() < 0.5:
                linger = struct.pack("ii", 1, 0)
                caller.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            time.sleep(random.uniform(0, 0.5))

    def silent_until_closed(self) -> None:
        """Connect and wait: the station has to let go of it by itself."""
        with self._connected() as caller:
            self._closed_by_peer(caller)

    def garbage(self) -> None:
        """Send what is no PDU, or the head of one that is far too long and never comes."""
        too_long = struct.pack(">BBI", 1, 0, 1 << 30)
        with self._connected() as caller:
            with contextlib.suppress(ConnectionError):  # closed before all was sent
                caller.sendall(random.choice((random.randbytes(5000), too_long)))
            self._closed_by_peer(caller)

    def _store(self, kind: str, folders: Sequence[Path]) -> None:
        self._call(kind, "storescu", "+sd", *_NEW_UIDS, *self._to(), *folders)

    def _call(self, kind: str, tool: str, *words: object) -> None:
        clients.Running([tool, *words], self._folder / f"{kind}.log").end()

    def _popen(self, *words: object) -> subprocess.Popen[bytes]:
        silent = subprocess.DEVNULL
        return subprocess.Popen([*map(str, words)], stdout=silent, stderr=silent, env=ENVIRONMENT)

    def _to(self) -> tuple[object, ...]:
        caller = ("-aet", clients.CALLER, "-aec", self._server.ae_title)
        return (*caller, "127.0.0.1", self._server.port)

    @contextlib.contextmanager
    def _scratch(self) -> Iterator[Path]:
        with tempfile.TemporaryDirectory(dir=self._folder) as scratch:
            yield Path(scratch)

    @contextlib.contextmanager
    def _fresh_study(self, kind: str) -> Iterator[str]:
        """Send a new study: the last one that the quota would delete."""
        uid = str(generate_uid())
        with self._scratch() as folder:
            for number in range(SLICES_OF_A_STUDY):
                ds = pydicom.dcmread(self._ct.parts[0] / f"{number % 2:06}.dcm")
                ds.StudyInstanceUID = uid
                ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = generate_uid()
                ds.save_as(folder / f"{number}.dcm")
            self._call(f"{kind}-store", "storescu", "+sd", *self._to(), folder)
        yield uid

    def _take(self, folder: Path, study_uid: str) -> None:
        """Count the objects that came, by what is in them, and take them away."""
        files = [path for path in folder.iterdir() if path.is_file()]
        came = [
            path
            for path in files
            if pydicom.dcmread(path, specific_tags=["StudyInstanceUID"]).StudyInstanceUID
            == study_uid
        ]
        for path in files:
            path.unlink()
        require("objects that came", len(came), SLICES_OF_A_STUDY)

    def _connected(self) -> socket.socket:
        address = ("127.0.0.1", self._server.port)
        return socket.create_connection(address, timeout=2 * _ACSE_TIMEOUT)

    def _closed_by_peer(self, caller: socket.socket) -> None:
        """Read to the end; raises TimeoutError where the station keeps the connection."""
        with contextlib.suppress(ConnectionError):
            while caller.recv(65536):
                pass


def traffic(soak: Soak) -> dict[str, tuple[Callable[[], None], float]]:
    """Every kind of operation, and the seconds of rest after each of them."""
    return {
        "store ct": (soak.store_ct, 1.0),
        "store ct, 2nd": (soak.store_ct_of_another, 1.3),
        "store tiny": (soak.store_tiny, 1.0),
        "store large": (soak.store_large, 5.0),
        "store aborted": (soak.store_aborted, 1.5),
        "echo": (soak.echo, 0.5),
        "find": (soak.find, 1.0),
        "move": (soak.move, 2.0),
        "get": (soak.get, 2.0),
        "rejected": (soak.rejected, 1.0),
        "silent": (soak.silent, 0.2),
        "silent, kept": (soak.silent_until_closed, 1.0),
        "garbage": (soak.garbage, 0.5),
    }


def work(
    name: str, act: Callable[[], None], rest: float, tally: Tally, over: threading.Event
) -> None:
    """Do one kind of operation until it is over."""
    while not over.is_set():
        try:
            act()
        except _FAULTS as fault:
            tally.count(name, fault)
        else:
            tally.count(name)
        over.wait(rest)


def sample(pid: int, objects: Path, started: float) -> Sample:
    """Look at the server and at what it holds on the disk."""
    descriptors = threads = 0
    for member in process.tree(pid):
        with contextlib.suppress(OSError):
            descriptors += sum(1 for _ in Path(f"/proc/{member}/fd").iterdir())
            threads += sum(1 for _ in Path(f"/proc/{member}/task").iterdir())
    sizes = list(_sizes(objects))
    return Sample(
        seconds=time.monotonic() - started,
        rss=process.resident_mb(pid),
        anonymous=process.resident_mb(pid, "RssAnon"),
        descriptors=descriptors,
        threads=threads,
        objects=len(sizes),
        megabytes=sum(sizes) / 1e6,
    )


def _sizes(folder: Path) -> Iterator[int]:
    for root, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(FileNotFoundError):  # deleted by the quota meanwhile
                yield (Path(root) / name).stat().st_size


def growth(samples: Sequence[Sample], field: str) -> tuple[float, float]:
    """The means of a figure over the first and over the last quarter of the samples."""
    quarter = max(1, len(samples) // 4)

    def mean(part: Sequence[Sample]) -> float:
        return sum(float(getattr(sample, field)) for sample in part) / quarter

    return mean(samples[:quarter]), mean(samples[-quarter:])


def run(server: Server, soak: Soak, objects: Path, seconds: float, tally: Tally) -> list[Sample]:
    """Let all kinds of traffic work side by side; samples evenly spread over the time."""
    over, started = threading.Event(), time.monotonic()
    workers = [
        threading.Thread(target=work, args=(name, act, rest, tally, over), name=name)
        for name, (act, rest) in traffic(soak).items()
    ]
    for worker in workers:
        worker.start()
    samples: list[Sample] = []
    minutes = 0
    try:
        while time.monotonic() - started < seconds:
            time.sleep(min(5.0, seconds / (4 * _SAMPLES_A_QUARTER)))
            samples.append(sample(server.pid, objects, started))
            if samples[-1].seconds >= 60 * (minutes + 1):
                minutes += 1
                print(line(samples[-1], tally), flush=True)
    finally:
        over.set()
        for worker in workers:
            worker.join()
    return samples


def line(at: Sample, tally: Tally) -> str:
    """A sample in words."""
    return (
        f"{at.seconds / 60:6.1f} min  RSS {at.rss:6.1f} MB  RssAnon {at.anonymous:6.1f} MB"
        f"  descriptors {at.descriptors:4}  threads {at.threads:4}  objects {at.objects:6}"
        f" ({at.megabytes:.0f} MB)  done {tally.done.total()}  failed {tally.failed.total()}"
    )


def summary(samples: Sequence[Sample], tally: Tally) -> str:
    """Quarters against each other, and the operations of each kind."""
    rows = ["first quarter → last quarter"]
    for field in ("rss", "anonymous", "descriptors", "threads", "objects"):
        first, last = growth(samples, field)
        hours = (samples[-1].seconds - samples[0].seconds) * 0.75 / 3600 or 1
        rows.append(f"  {field:12}{first:9.1f} → {last:9.1f}  ({(last - first) / hours:+.1f} / h)")
    kinds = sorted({*tally.done, *tally.failed})
    rows += [
        f"  {kind:14} done {tally.done[kind]:6}  failed {tally.failed[kind]}" for kind in kinds
    ]
    return "\n".join(rows)


def judge(before: Sample, samples: Sequence[Sample], after: Sample, most: float) -> list[str]:
    """What is wrong although each operation was well."""
    wrong = []
    first, last = growth(samples, "anonymous")
    if last - first > most:
        wrong.append(f"memory grew by {last - first:.1f} MB")
    for field in ("descriptors", "threads"):
        was, is_now = getattr(before, field), getattr(after, field)
        if is_now > was:
            wrong.append(f"{is_now - was} {field} are left over at rest")
    return wrong


@contextlib.contextmanager
def station(folder: Path, quota_mib: int, destination: int) -> Iterator[tuple[Server, Path]]:
    """`modalitty serve` with a quota that deletes; the server and its data folder."""
    folder.mkdir()
    config, port = configure(folder, {DESTINATION: destination})
    store, held = SettingsStore.open(config), folder / "data"
    store.change("archive.quota_mib", quota_mib)
    store.change("archive.when_full", "recycle-oldest")
    store.change("station.acse_timeout", _ACSE_TIMEOUT)
    command = [*program(), "--config", str(config), "--data", str(held), "serve"]
    with dcmtk.running(Peer(command, port, folder / "serve.log")) as peer:
        yield _Station(peer, held), held


class _Station(Server):
    def __init__(self, peer: Peer, held: Path) -> None:
        super().__init__("MODALITTY", peer.port, peer.pid)
        self._held = held

    def held(self) -> int:
        return held_by_us(self._held)


def main() -> int:
    """Start the station, work on it, say what was seen."""
    given = _arguments()
    tally = Tally()
    with (
        tempfile.TemporaryDirectory(prefix="soak-", dir=given.folder) as name,
        contextlib.ExitStack() as stack,
    ):
        folder = Path(name)
        for key, value in machine.described(folder).items():
            print(f"{key}: {value}")
        sink = stack.enter_context(dcmtk.storescp(folder / "received", ae_title=DESTINATION))
        server, held = stack.enter_context(station(folder / "station", given.quota, sink.port))
        soak = Soak(server, folder / "received", folder)
        soak.warm_up()
        before = sample(server.pid, held / "objects", time.monotonic())
        samples = run(server, soak, held / "objects", given.minutes * 60, tally)
        wrong, after = _at_rest(server, held, before)
        wrong += judge(before, samples, after, given.growth)
    print(summary(samples, tally))
    print(f"at rest: descriptors {before.descriptors} → {after.descriptors},", end=" ")
    print(f"threads {before.threads} → {after.threads}, RssAnon {after.anonymous:.1f} MB")
    for text in wrong:
        print(f"WRONG: {text}", file=sys.stderr)
    return 1 if wrong or tally.failed else 0


def _at_rest(server: Server, held: Path, before: Sample) -> tuple[list[str], Sample]:
    """Wait until nobody's call is left, then hold the index against the files."""
    at = time.monotonic()

    def look() -> Sample:
        return sample(server.pid, held / "objects", at)

    with contextlib.suppress(AssertionError):  # `judge` says what is left
        eventually(lambda: look().descriptors <= before.descriptors, 3 * _ACSE_TIMEOUT)
    after = look()
    indexed = server.held()
    if indexed != after.objects:
        return [f"{after.objects} files, {indexed} of them in the index"], after
    return [], after


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--quota", type=int, default=200, help="of the archive, in MiB")
    parser.add_argument("--growth", type=float, default=32, help="of memory that is no fault, MB")
    parser.add_argument("--folder", type=Path, help="work here: on the disk that is meant")
    return parser.parse_args()


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _ended)
    sys.exit(main())
