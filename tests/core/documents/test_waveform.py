"""Curves: samples of every coding in their own unit, gaps said, marks where they belong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import (
    UID,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    GeneralECGWaveformStorage,
    ImplicitVRLittleEndian,
)
from pydicom.waveforms import multiplex_array

from core.documents import waveform
from core.documents.companding import A_LAW, MU_LAW
from core.documents.kinds import document_of
from core.imaging.files import ImageFile
from core.model.documents import Document, DocumentRow, Plot, RowKind
from tests.core.imaging.objects import image, item, write

UV = item(CodeValue="uV", CodingSchemeDesignator="UCUM", CodeMeaning="microvolt")


def group(samples: np.ndarray[Any, Any], kind: str, **attributes: Any) -> Dataset:
    """One multiplex group of `samples`, of shape (samples, channels)."""
    ds = item(
        NumberOfWaveformChannels=samples.shape[1],
        NumberOfWaveformSamples=samples.shape[0],
        SamplingFrequency="500",
        WaveformBitsAllocated=samples.dtype.itemsize * 8,
        WaveformSampleInterpretation=kind,
        ChannelDefinitionSequence=Sequence(
            [item(ChannelLabel=f"V{at + 1}") for at in range(samples.shape[1])]
        ),
    )
    ds.add_new("WaveformData", "OB" if samples.dtype.itemsize == 1 else "OW", samples.tobytes())
    for keyword, value in attributes.items():
        setattr(ds, keyword, value)
    return ds


def ecg(*groups: Dataset, syntax: UID = ExplicitVRLittleEndian, **attributes: Any) -> Dataset:
    return image(
        syntax=syntax,
        SOPClassUID=GeneralECGWaveformStorage,
        WaveformSequence=Sequence(groups),
        **attributes,
    )


def read(folder: Path, ds: Dataset) -> Document:
    """The document of the object as it is read from a file."""
    file = ImageFile(write(folder, ds))
    file.close()
    return document_of(file.ds, is_image=bool(file.keyword))


def values(plot: Plot, channel: int = 0) -> list[float]:
    return np.frombuffer(plot.channels[channel].samples, "<f4").tolist()


def notes(outline: Document) -> list[str]:
    return [row.value for row in outline.rows if row.kind is RowKind.NOTE]


def cells(outline: Document) -> list[DocumentRow]:
    return [row for row in outline.rows if row.kind is RowKind.CELLS]


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
@pytest.mark.parametrize(
    ("dtype", "kind"),
    [("i1", "SB"), ("u1", "UB"), ("<i2", "SS"), ("<u2", "US"), ("<i4", "SL"), ("<u4", "UL")],
)
def test_samples_are_what_pydicom_makes_of_them(
    tmp_path: Path, dtype: str, kind: str, syntax: UID
) -> None:
    limits = np.iinfo(dtype)
    samples = np.array([[limits.min, 1], [limits.max, 2], [7, 3], [0, 4]], dtype)
    definition = item(
        ChannelLabel="II",
        ChannelSensitivity="2.5",
        ChannelSensitivityUnitsSequence=Sequence([UV]),
        ChannelSensitivityCorrectionFactor="1.1",
        ChannelBaseline="-3",
    )
    made = group(samples, kind)
    made.ChannelDefinitionSequence = Sequence([definition, item(ChannelLabel="V1")])
    ds = ecg(made, syntax=syntax)
    plot = read(tmp_path, ds).plots[0]
    expected = multiplex_array(ds, 0, as_raw=False)
    assert values(plot, 0) == pytest.approx(expected[:, 0], rel=1e-6)
    assert values(plot, 1) == [1, 2, 3, 4]
    assert [(c.label, c.unit) for c in plot.channels] == [("II", "uV"), ("V1", "")]
    assert plot.frequency == 500


def test_big_endian_samples_are_read_in_their_own_order(tmp_path: Path) -> None:
    samples = np.array([[1], [-2], [300]], ">i2")
    ds = ecg(group(samples, "SS"), syntax=ExplicitVRBigEndian)
    assert values(read(tmp_path, ds).plots[0]) == [1, -2, 300]


def test_companded_speech_is_expanded_as_g_711_has_it(tmp_path: Path) -> None:
    assert MU_LAW[[0x00, 0x7F, 0x80, 0xFF, 0x0F, 0x70]].tolist() == [
        *(-32124, 0, 32124, 0, -16764, -120)
    ]
    assert A_LAW[[0x55, 0xD5, 0x2A, 0xAA, 0x54, 0x45]].tolist() == [
        *(-8, 8, -32256, 32256, -24, -264)
    ]
    samples = np.array([[0x80], [0x00]], "u1")
    assert values(read(tmp_path, ecg(group(samples, "MB"))).plots[0]) == [32124, -32124]
    assert values(read(tmp_path, ecg(group(samples, "AB"))).plots[0]) == [
        float(A_LAW[0x80]),
        float(A_LAW[0]),
    ]


def test_padding_is_no_value(tmp_path: Path) -> None:
    made = group(np.array([[5], [-32768], [6]], "<i2"), "SS")
    made.add_new("WaveformPaddingValue", "OW", b"\x00\x80")
    first, gap, last = values(read(tmp_path, ecg(made)).plots[0])
    assert (first, last) == (5, 6)
    assert np.isnan(gap)


def test_a_channel_that_starts_later_is_drawn_later(tmp_path: Path) -> None:
    made = group(np.array([[1, 1], [2, 2], [3, 3]], "<i2"), "SS")
    made.ChannelDefinitionSequence[0].ChannelTimeSkew = "0.002"
    made.ChannelDefinitionSequence[1].ChannelSampleSkew = "-1"
    plot = read(tmp_path, ecg(made)).plots[0]
    np.testing.assert_array_equal(values(plot, 0), [np.nan, 1, 2])
    np.testing.assert_array_equal(values(plot, 1), [2, 3, np.nan])


def test_data_that_end_early_are_drawn_as_far_as_they_go(tmp_path: Path) -> None:
    made = group(np.array([[1], [2]], "<i2"), "SS", NumberOfWaveformSamples=1000)
    outline = read(tmp_path, ecg(made))
    assert values(outline.plots[0]) == [1, 2]
    assert notes(outline) == ["2 of 1,000 samples are there: the data end early"]


@pytest.mark.parametrize(
    ("attributes", "why"),
    [
        ({"SamplingFrequency": None}, "its sampling frequency is missing"),
        ({"SamplingFrequency": "5e-324"}, "a sampling frequency of 4.94066e-324 Hz is none"),
        ({"WaveformBitsAllocated": 12}, "samples of 12 bits as SS are unknown"),
        ({"NumberOfWaveformChannels": 0}, "it has no channels"),
        ({"NumberOfWaveformChannels": 60000}, "it has no samples"),
    ],
)
def test_a_group_that_cannot_be_drawn_says_why_and_spoils_no_other(
    tmp_path: Path, attributes: dict[str, Any], why: str
) -> None:
    samples = np.array([[1], [2]], "<i2")
    ds = ecg(group(samples, "SS", **attributes), group(samples, "SS", MultiplexGroupLabel="BEAT"))
    outline = read(tmp_path, ds)
    assert notes(outline)[0] == f"cannot be drawn: {why}"
    assert [plot.label for plot in outline.plots] == ["BEAT"]


def test_a_long_recording_is_thinned_to_its_extremes_and_lasts_as_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waveform, "MAX_SAMPLES", 100)
    samples = np.zeros((1000, 1), "<i2")
    samples[437], samples[438] = 900, -900
    outline = read(tmp_path, ecg(group(samples, "SS")))
    plot = outline.plots[0]
    drawn = values(plot)
    assert len(drawn) <= 100
    assert (min(drawn), max(drawn)) == (-900, 900)
    assert len(drawn) / plot.frequency == pytest.approx(1000 / 500)
    assert notes(outline) == ["of each 20 samples the least and the greatest are drawn"]


def test_annotations_are_on_the_channels_and_at_the_times_that_they_name(tmp_path: Path) -> None:
    samples = np.zeros((1000, 3), "<i2")
    marks = [
        item(UnformattedTextValue="SINUS RHYTHM", ReferencedWaveformChannels=[1, 0]),
        item(
            ConceptNameCodeSequence=Sequence([item(CodeMeaning="RR Interval", CodeValue="1")]),
            NumericValue="982",
            MeasurementUnitsCodeSequence=Sequence(
                [item(CodeValue="ms", CodingSchemeDesignator="UCUM")]
            ),
            ReferencedWaveformChannels=[1, 2, 2, 3],
            TemporalRangeType="SEGMENT",
            ReferencedSamplePositions=[1, 501],
        ),
        item(
            UnformattedTextValue="ectopic",
            ReferencedWaveformChannels=[2, 1],
            ReferencedTimeOffsets=["1.5"],
        ),
        item(UnformattedTextValue="nowhere", ReferencedWaveformChannels=[9, 9]),
    ]
    groups = group(samples, "SS"), group(samples, "SS")
    outline = read(tmp_path, ecg(*groups, WaveformAnnotationSequence=Sequence(marks)))
    found = [[(m.text, m.channels, m.times) for m in plot.marks] for plot in outline.plots]
    assert found == [
        [("SINUS RHYTHM", (), ()), ("RR Interval: 982 ms", (1,), (0.0, 1.0))],
        [("RR Interval: 982 ms", (2,), (0.0, 1.0)), ("ectopic", (0,), (1.5,))],
    ]
    assert [row.cells for row in cells(outline)][-5:] == [
        ("SINUS RHYTHM", "", "1", ""),
        ("RR Interval: 982 ms", "0.000 s, 1.000 s", "1", "V2"),
        ("RR Interval: 982 ms", "0.000 s, 1.000 s", "2", "V3"),
        ("ectopic", "1.500 s", "2", "V1"),
        ("nowhere", "", "9", "9"),
    ]
