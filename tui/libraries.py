"""The DICOM libraries, loaded when they are needed first, and by one thread.

They take half a second, which the first frame does not wait for. Their modules import each other in
circles: two threads that import different parts at once get them half made, and an ImportError.
"""

from __future__ import annotations

import threading

_lock = threading.Lock()


def load() -> None:
    """Load pydicom and pynetdicom whole; waits while another thread does so."""
    with _lock:
        import pydicom.datadict  # noqa: F401
        import pynetdicom.presentation  # noqa: F401
