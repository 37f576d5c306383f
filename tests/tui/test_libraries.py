"""The DICOM libraries come whole, however many threads want them first."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import threading, traceback
from tui import libraries
assert "pydicom" not in __import__("sys").modules
faults = []
def want(module):
    try:
        libraries.load()
        __import__(module)
    except BaseException:
        faults.append(traceback.format_exc())
modules = ["pynetdicom.presentation", "pydicom.datadict", "pydicom.filereader", "pynetdicom"] * 2
threads = [threading.Thread(target=want, args=(module,)) for module in modules]
for thread in threads: thread.start()
for thread in threads: thread.join()
print("".join(faults), end="")
"""


def test_threads_that_want_them_at_once_all_get_them_whole() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
