"""DCMTK's clients, which ask every contestant for the same work; each call is checked."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from benchmarks.faults import WorkNotDoneError
from benchmarks.servers import LARGEST_PDU, Server
from tests.peers.processes import ENVIRONMENT

_PENDING = re.compile(r"Find Response:? \d+ \(Pending\)")
SECONDS = 300.0
CALLER = "BENCH"

# Installed programs have their bytecode; a developer's shell may forbid to write it, and then each
# start of ours would be measured with the compiling of all of its sources.
_INSTALLED = {
    name: value for name, value in ENVIRONMENT.items() if name != "PYTHONDONTWRITEBYTECODE"
}


class Running:
    """A tool at work, its output in a file: nobody spends time on reading it meanwhile.

    Raises WorkNotDoneError where there is no such tool.
    """

    def __init__(self, words: Sequence[object], log: Path) -> None:
        self._words = [str(word) for word in words]
        self._log = log
        try:
            with log.open("wb") as output:
                self._process = subprocess.Popen(
                    self._words,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    env=_INSTALLED,
                )
        except FileNotFoundError:
            raise WorkNotDoneError(f"{self._words[0]} is not installed") from None

    def end(self) -> None:
        """Wait for its end; raises WorkNotDoneError where it was no success."""
        try:
            code = self._process.wait(SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise WorkNotDoneError(f"{self._words[0]}: not within {SECONDS:.0f} s") from None
        if code:
            said = self.output[-1000:]
            raise WorkNotDoneError(f"{self._words[0]} ended with {code}: {said}")

    @property
    def output(self) -> str:
        """What it printed, both streams together."""
        return self._log.read_text(errors="replace")


def store(server: Server, senders: Iterable[Sequence[Path]], logs: Path) -> None:
    """Send folders by storescu, one process for each sender, all at once."""
    to = ("-aet", CALLER, "-aec", server.ae_title, "127.0.0.1", server.port)
    running = [
        Running(["storescu", "+sd", *to, *folders], logs / f"storescu-{number}.log")
        for number, folders in enumerate(senders)
    ]
    for sender in running:
        sender.end()


def find(server: Server, keys: Mapping[str, str], log: Path, *, printed: bool) -> Running:
    """Query studies by findscu to the end: every match printed into `log`, or a line for each."""
    how = ["-q", "+sr"] if printed else ["-v", "-sr"]
    words = ["findscu", "-S", *how, "-aet", CALLER, "-aec", server.ae_title]
    words += ["127.0.0.1", str(server.port), *_keys(keys)]
    found = Running(words, log)
    found.end()
    return found


def matches(found: Running) -> int:
    """How many matches findscu says it was given."""
    return len(_PENDING.findall(found.output))


def move(server: Server, study_uid: str, destination: str, log: Path) -> None:
    """Have a server send a study to `destination` by movescu."""
    words = ["movescu", "-S", "-aet", CALLER, "-aec", server.ae_title, "-aem", destination]
    words += ["127.0.0.1", str(server.port), *_keys({"StudyInstanceUID": study_uid})]
    Running(words, log).end()


def get(server: Server, study_uid: str, into: Path, log: Path) -> None:
    """Fetch a study by getscu into a folder."""
    words = ["getscu", "-S", "+B", "-pdu", LARGEST_PDU, "-od", into, "-aet", CALLER]
    words += ["-aec", server.ae_title, "127.0.0.1", server.port]
    Running([*words, *_keys({"StudyInstanceUID": study_uid})], log).end()


def _keys(keys: Mapping[str, str]) -> list[str]:
    words = ["-k", "QueryRetrieveLevel=STUDY"]
    for keyword, value in keys.items():
        words += ["-k", f"{keyword}={value}" if value else keyword]
    return words
