"""Eight bits of speech as the sixteen they stand for (ITU-T G.711)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def _mu_law() -> NDArray[np.int16]:
    code = ~np.arange(256) & 0xFF
    exponent, mantissa = code >> 4 & 7, code & 0x0F
    size = ((mantissa << 3) + 0x84 << exponent) - 0x84
    return np.where(code & 0x80, -size, size).astype(np.int16)


def _a_law() -> NDArray[np.int16]:
    code = np.arange(256) ^ 0x55
    exponent, mantissa = code >> 4 & 7, code & 0x0F
    steps = (mantissa << 4) + 8
    size = np.where(exponent, steps + 0x100 << np.maximum(exponent, 1) - 1, steps)
    return np.where(code & 0x80, size, -size).astype(np.int16)


MU_LAW = _mu_law()
"""By stored byte: the sample, as 14 bits shifted to 16."""
A_LAW = _a_law()
"""By stored byte: the sample, as 13 bits shifted to 16."""
