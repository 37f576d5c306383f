"""Starting and ending peers: free ports, a wait until they answer, an end by process id."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

# Nagle and delayed acknowledgements cost these peers 40 ms an instance.
ENVIRONMENT = {**os.environ, "TCP_NODELAY": "1"}


def free_port() -> int:
    """Find a TCP port on loopback that is free at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def eventually(condition: Callable[[], object], seconds: float = 20.0, what: str = "") -> None:
    """Wait until `condition()` is true; fails the test after `seconds`."""
    deadline = time.monotonic() + seconds
    pause = 0.005
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what or condition}")
        time.sleep(pause)  # the pace of asking, not a wait for its own sake
        pause = min(0.1, pause * 1.5)


def descriptors() -> int:
    """How many files and sockets this process has open."""
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def answers(port: int) -> bool:
    """Say whether something takes TCP connections on loopback at `port`."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False


class Peer:
    """A server of another make in a process of its own, its output in a file."""

    def __init__(
        self, command: Sequence[str], port: int, log: Path, env: Mapping[str, str] = ENVIRONMENT
    ) -> None:
        self.command = command
        self.port = port
        self.log = log
        self._env = env
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                self.command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=self._env
            )
        eventually(self._up_or_dead, what=f"{self.command[0]} on port {self.port}")
        if self._process.poll() is not None:
            raise AssertionError(f"{self.command[0]} ended: {self.log.read_text()[-2000:]}")

    def stop(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)

    @property
    def pid(self) -> int:
        if self._process is None:
            raise AssertionError("the peer is not running")
        return self._process.pid

    def _up_or_dead(self) -> bool:
        return answers(self.port) or (
            self._process is not None and self._process.poll() is not None
        )
