"""What a process that stays asks of the system's memory."""

from __future__ import annotations

import platform
import subprocess
import sys
from pathlib import Path

import pytest

from tui.memory import ARENAS

THREADS = 8
PROGRAM = f"""
import ctypes, sys, threading
from tui.memory import share_arenas

share_arenas()
all_there = threading.Barrier({THREADS})

def work():
    block = bytearray(100_000)
    all_there.wait()

threads = [threading.Thread(target=work) for _ in range({THREADS})]
for thread in threads: thread.start()
for thread in threads: thread.join()
libc = ctypes.CDLL(None)
libc.fopen.restype = ctypes.c_void_p
file = ctypes.c_void_p(libc.fopen(sys.argv[1].encode(), b"w"))
libc.malloc_info(0, file)
libc.fclose(file)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="arenas are glibc's")
def test_threads_share_the_arenas_of_the_allocator(tmp_path: Path) -> None:
    told = tmp_path / "malloc.xml"
    subprocess.run([sys.executable, "-c", PROGRAM, str(told)], check=True, timeout=60)
    assert 1 <= told.read_text().count("<heap nr=") <= ARENAS
