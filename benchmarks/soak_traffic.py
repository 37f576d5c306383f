"""The mixed traffic of a soak: operations of many kinds on one station, side by side."""

from __future__ import annotations

import contextlib
import random
import re
import socket
import struct
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pydicom
from pydicom.uid import generate_uid

from benchmarks import clients, data
from benchmarks.faults import WorkNotDoneError, require
from benchmarks.servers import Server
from benchmarks.soak_report import Tally
from tests.peers import dcmtk
from tests.peers.processes import ENVIRONMENT, eventually

DESTINATION = "STORESCP"
LARGE = 20 << 20
SLICES_OF_A_STUDY = 4
ACSE_TIMEOUT = 5
_STUDY = "StudyInstanceUID"
_NEW_UIDS = ("+IS", "1", "+IR", "10")
"""storescu invents a study for each ten objects, so that there are whole studies to delete."""
_FAULTS = (WorkNotDoneError, AssertionError, OSError, subprocess.SubprocessError)
_COUNTS = re.compile(r"(Completed|Failed|Warning) Suboperations *: *(\d+)")

Act = Callable[[], "str | None"]
"""An operation; says how it went where there is more than one right way."""


def final_counts(said: str) -> tuple[int, int]:
    """Objects that were sent and that failed, by the last response that a client of DCMTK dumped.

    Raises WorkNotDoneError where it dumped none.
    """
    counts = {kind: int(number) for kind, number in _COUNTS.findall(said)}
    if len(counts) < 3:
        raise WorkNotDoneError(f"no final response with counters: {said[-500:]}")
    return counts["Completed"] + counts["Warning"], counts["Failed"]


class Soak:
    """Everything that is done to a station; each method is one operation of its kind."""

    def __init__(self, server: Server, log: Path, received: Path, folder: Path) -> None:
        """Work on a server whose log lines are in `log`, in a folder of one's own.

        `received` is where the storage SCP that it knows as DESTINATION puts what it takes.
        """
        self._server = server
        self._log = log
        self._received = received
        self._folder = folder
        samples = folder / "samples"
        self._ct = data.ct_slices(samples, 2 * data.SENDERS)
        self._tiny = data.tiny_objects(samples, 10 * data.SENDERS)
        self._large = data.huge_object(samples, LARGE)

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

    def move(self) -> str:
        with self._fresh_study("move") as uid:
            said = self._retrieve("movescu", uid, "-aem", DESTINATION)
            return self._compare(uid, said, self._taken(self._received, uid))

    def get(self) -> str:
        with self._fresh_study("get") as uid, self._scratch() as into:
            said = self._retrieve("getscu", uid, "+B", "-od", into)
            return self._compare(uid, said, self._taken(into, uid))

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

    def _retrieve(self, tool: str, study_uid: str, *words: object) -> str:
        """Have a client ask for a study; what it says, however it ends: `_compare` judges it."""
        keys = ("-k", "QueryRetrieveLevel=STUDY", "-k", f"{_STUDY}={study_uid}")
        return dcmtk.run(tool, "-d", "-S", *words, *self._to(), *keys).stdout

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
        """Send a new study, which the quota deletes last, but does where it is too small for all.

        Then the station is to say what it could not send, see `_compare`.
        """
        uid = str(generate_uid())
        with self._scratch() as folder:
            for number in range(SLICES_OF_A_STUDY):
                ds = pydicom.dcmread(self._ct.parts[0] / f"{number % 2:06}.dcm")
                ds.StudyInstanceUID = uid
                ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = generate_uid()
                ds.save_as(folder / f"{number}.dcm")
            self._call(f"{kind}-store", "storescu", "+sd", *self._to(), folder)
        yield uid

    def _taken(self, folder: Path, study_uid: str) -> int:
        """Count the objects of a study that came, by what is in them, and take all away."""
        files = [path for path in folder.iterdir() if path.is_file()]
        uids = [pydicom.dcmread(path, specific_tags=[_STUDY]).get(_STUDY) for path in files]
        for path in files:
            path.unlink()
        return uids.count(study_uid)

    def _compare(self, study_uid: str, said: str, came: int) -> str:
        """Hold what came of a retrieval against what its final response told of it.

        Less than the study is right where the quota deleted it before it was sent, which is said;
        more must not have come, nor may anything be missing that was not told.
        """
        sent, failed = final_counts(said)
        require("objects that came, as the response counts them", came, sent)
        if sent == SLICES_OF_A_STUDY and not failed:
            return ""
        eventually(lambda: self._is_recycled(study_uid), 10, f"{sent} sent, {failed} failed")
        return "recycled"

    def _is_recycled(self, study_uid: str) -> bool:
        """Whether the station has logged that it deleted a study for its quota."""
        with self._log.open(errors="replace") as lines:
            return any(study_uid in line and "was deleted to stay within" in line for line in lines)

    def _connected(self) -> socket.socket:
        address = ("127.0.0.1", self._server.port)
        return socket.create_connection(address, timeout=2 * ACSE_TIMEOUT)

    def _closed_by_peer(self, caller: socket.socket) -> None:
        """Read to the end; raises TimeoutError where the station keeps the connection."""
        with contextlib.suppress(ConnectionError):
            while caller.recv(65536):
                pass


def traffic(soak: Soak) -> dict[str, tuple[Act, float]]:
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


def work(name: str, act: Act, rest: float, tally: Tally, over: threading.Event) -> None:
    """Do one kind of operation until it is over."""
    while not over.is_set():
        try:
            how = act()
        except _FAULTS as fault:
            tally.count(name, fault)
        else:
            tally.count(f"{name}: {how}" if how else name)
        over.wait(rest)
