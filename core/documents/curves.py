"""The samples of waveforms in their own unit (PS3.3 C.10.9)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from core.documents.companding import A_LAW, MU_LAW
from core.documents.words import items, number, raw, text, whole

SLOWEST = 1e-9
"""Hz, thirty years from one sample to the next; with much less the time is no finite number."""
Values = NDArray[np.float32]
_KINDS = {
    (8, "SB"): "i1",
    (8, "UB"): "u1",
    (8, "MB"): "u1",
    (8, "AB"): "u1",
    (16, "SS"): "i2",
    (16, "US"): "u2",
    (32, "SL"): "i4",
    (32, "UL"): "u4",
    (64, "SV"): "i8",
    (64, "UV"): "u8",
}
"""Waveform Bits Allocated and Sample Interpretation (PS3.3 C.10.9.1.5)."""
_COMPANDED = {"MB": MU_LAW, "AB": A_LAW}


class UndrawableError(Exception):
    """The samples of a group cannot be had; the message says why."""


class Group:
    """One multiplex group: the samples of its channels, as they are stored.

    `stored` has shape (samples, channels); it is a view of the data set's own bytes. Where the data
    end early, the samples that are there are shown. Raises UndrawableError.
    """

    def __init__(self, item: Dataset, *, little: bool) -> None:
        self.frequency = number(item, "SamplingFrequency") or 0.0
        if self.frequency <= 0:
            raise UndrawableError("its sampling frequency is missing")
        if self.frequency < SLOWEST:
            raise UndrawableError(f"a sampling frequency of {self.frequency:g} Hz is none")
        kind = whole(item, "WaveformBitsAllocated"), text(item, "WaveformSampleInterpretation")
        if kind not in _KINDS:
            raise UndrawableError(
                f"samples of {kind[0]} bits as {kind[1] or 'nothing'} are unknown"
            )
        self._table = _COMPANDED.get(kind[1])
        dtype = np.dtype(("<" if little else ">") + _KINDS[kind])
        self.stored = _stored(item, dtype)
        padding = raw(item, "WaveformPaddingValue")[: dtype.itemsize]
        is_whole = len(padding) == dtype.itemsize
        self._padding = np.frombuffer(padding, dtype)[0] if is_whole else None
        self._definitions = items(item, "ChannelDefinitionSequence")

    def values(self, channel: int, most: int) -> Values:
        """A channel's samples in its unit, NaN where there is none; at most about `most`.

        Where there are more, the least and the greatest of each :meth:`block` stand for it.
        """
        stored = self.stored[:, channel]
        values = (stored if self._table is None else self._table[stored]).astype(np.float64)
        if self._padding is not None:
            values[stored == self._padding] = np.nan
        scale, baseline = self._scale(channel)
        values = _shifted(values * scale + baseline, self._skew(channel))
        block = self.block(most)
        return (values if block == 1 else _extremes(values, block)).astype(np.float32)

    def block(self, most: int) -> int:
        """How many samples one stands for where a channel may have `most`; 1 or an even number."""
        samples = len(self.stored)
        return 1 if samples <= most else 2 * -(-samples // most)

    def _scale(self, channel: int) -> tuple[float, float]:
        """What a stored unit is worth, and what 0 stands for (PS3.3 C.10.9.1.4.2)."""
        definition = self._definition(channel)
        sensitivity = number(definition, "ChannelSensitivity")
        if sensitivity is None:
            return 1.0, 0.0
        correction = number(definition, "ChannelSensitivityCorrectionFactor")
        baseline = number(definition, "ChannelBaseline") or 0.0
        return sensitivity * (1.0 if correction is None else correction), baseline

    def _skew(self, channel: int) -> int:
        """Samples from the group's start to the channel's first (PS3.3 C.10.9.1.4.3)."""
        definition = self._definition(channel)
        seconds = (number(definition, "ChannelTimeSkew") or 0.0) + (
            number(definition, "ChannelOffset") or 0.0
        )
        skew = seconds * self.frequency + (number(definition, "ChannelSampleSkew") or 0.0)
        return round(skew) if abs(skew) < len(self.stored) else 0

    def _definition(self, channel: int) -> Dataset:
        return self._definitions[channel] if channel < len(self._definitions) else Dataset()


def _stored(item: Dataset, dtype: np.dtype[Any]) -> NDArray[Any]:
    channels = whole(item, "NumberOfWaveformChannels")
    if channels <= 0:
        raise UndrawableError("it has no channels")
    data = raw(item, "WaveformData")
    row = channels * dtype.itemsize
    samples = min(len(data) // row, whole(item, "NumberOfWaveformSamples"))
    if samples <= 0:
        raise UndrawableError("it has no samples")
    return np.frombuffer(data[: samples * row], dtype).reshape(samples, channels)


def _shifted(values: NDArray[np.float64], by: int) -> NDArray[np.float64]:
    """Later by so many samples, or earlier; what comes in is NaN."""
    if not by:
        return values
    out = np.full_like(values, np.nan)
    if by > 0:
        out[by:] = values[:-by]
    else:
        out[:by] = values[-by:]
    return out


def _extremes(values: NDArray[np.float64], block: int) -> NDArray[np.float64]:
    """Two samples for each block: its least and its greatest."""
    starts = np.arange(0, len(values), block)
    pairs = (np.fmin.reduceat(values, starts), np.fmax.reduceat(values, starts))
    return np.stack(pairs, axis=1).ravel()
