"""Waveforms: curves to plot, and their groups, channels and annotations in rows.

PS3.3 C.10.9 and C.10.10.
"""

from __future__ import annotations

from pydicom.dataset import Dataset

from core.documents.content import content_value
from core.documents.curves import Group, UndrawableError
from core.documents.outline import Outline, joined, listed
from core.documents.words import (
    Code,
    class_keyword,
    class_name,
    code,
    items,
    number,
    numbers,
    plain,
    several,
    text,
    whole,
)
from core.model.documents import Plot, PlotChannel, PlotMark

MAX_SAMPLES = 8_000_000
"""Samples of all curves of an object that are handed on; of longer ones the extremes are."""
MAX_CHANNELS = 1000
"""Channels of a group that are listed and drawn."""
_COLUMNS = ("Channel", "Unit", "Sensitivity", "Baseline", "Filters", "Status")
Channels = tuple[int, ...]


def fill(outline: Outline, ds: Dataset) -> None:
    """How and when it was acquired, its groups with their channels, and its annotations."""
    kind = class_name(text(ds, "SOPClassUID"))
    outline.title = kind
    outline.heading(0, "Acquisition", kind)
    outline.attributes(1, ds, "AcquisitionDateTime", "Manufacturer", "ManufacturerModelName")
    for context in items(ds, "AcquisitionContextSequence"):
        _measured(outline, context)
    if "Audio" in class_keyword(text(ds, "SOPClassUID")):
        outline.note(1, "sound: it is drawn, not played")
    marks = _marks(ds)
    groups = items(ds, "WaveformSequence")
    names = [_names(group) for group in groups]
    little = ds.original_encoding[1] is not False
    share = MAX_SAMPLES // max(1, sum(len(of_group) for of_group in names))
    for index, group in enumerate(groups):
        _heading(outline, group, index)
        try:
            samples = Group(group, little=little)
        except UndrawableError as why:
            outline.note(1, f"cannot be drawn: {why}")
        else:
            outline.plots.append(_plot(group, samples, index, names[index], share, marks))
            _remarks(outline, group, samples, share)
        _channels(outline, group, names[index])
    _annotations(outline, groups, names, marks)
    if not groups:
        outline.note(0, "there are no curves in it")


def _label(group: Dataset, index: int) -> str:
    return text(group, "MultiplexGroupLabel") or f"Group {index + 1}"


def _names(group: Dataset) -> tuple[str, ...]:
    """Of the channels that it has, or that are told of."""
    definitions = items(group, "ChannelDefinitionSequence")
    count = min(whole(group, "NumberOfWaveformChannels"), MAX_CHANNELS)
    return tuple(
        _name(definitions[at] if at < len(definitions) else Dataset(), at + 1)
        for at in range(max(0, count))
    )


def _name(definition: Dataset, place: int) -> str:
    source = code(definition, "ChannelSourceSequence")
    return text(definition, "ChannelLabel") or source.words or f"channel {place}"


def _plot(
    group: Dataset,
    samples: Group,
    index: int,
    names: tuple[str, ...],
    share: int,
    marks: list[tuple[Dataset, dict[int, Channels]]],
) -> Plot:
    definitions = items(group, "ChannelDefinitionSequence")
    definitions += [Dataset()] * (len(names) - len(definitions))
    block = samples.block(share)
    return Plot(
        label=_label(group, index),
        frequency=samples.frequency if block == 1 else samples.frequency * 2 / block,
        channels=tuple(
            PlotChannel(
                label=name,
                unit=_unit(definition),
                samples=samples.values(at, share).astype("<f4").tobytes(),
                remark=joined(_sensitivity(definition), _filters(definition)),
            )
            for at, (name, definition) in enumerate(zip(names, definitions, strict=False))
        ),
        offset=(number(group, "MultiplexGroupTimeOffset") or 0.0) / 1000,
        marks=tuple(
            PlotMark(
                text=_words(mark), channels=meant[index], times=_times(mark, samples.frequency)
            )
            for mark, meant in marks
            if index in meant
        ),
    )


def _unit(definition: Dataset) -> str:
    if number(definition, "ChannelSensitivity") is None:
        return ""
    return unit_of(code(definition, "ChannelSensitivityUnitsSequence"))


def _sensitivity(definition: Dataset) -> str:
    sensitivity = number(definition, "ChannelSensitivity")
    return "" if sensitivity is None else f"{plain(sensitivity, 6)} {_unit(definition)}".strip()


def unit_of(found: Code) -> str:
    """A unit of measurement as one writes it: `uV`, `mmHg`, nothing for one (PS3.16 CID 82)."""
    if found.scheme != "UCUM":
        return found.words
    written = found.value.replace("[", "").replace("]", "")
    return "" if written == "1" else written


def _filters(definition: Dataset) -> str:
    low, high = (number(definition, f"Filter{side}Frequency") for side in ("Low", "High"))
    notch = number(definition, "NotchFilterFrequency")
    return joined(
        f"{plain(low)}–{plain(high)} Hz" if low is not None or high is not None else "",
        f"notch {plain(notch)} Hz" if notch else "",
    )


def _heading(outline: Outline, group: Dataset, index: int) -> None:
    frequency = number(group, "SamplingFrequency") or 0.0
    samples = whole(group, "NumberOfWaveformSamples")
    label = text(group, "MultiplexGroupLabel")
    outline.heading(
        0,
        joined(f"Group {index + 1}", label, by=": "),
        joined(
            several(whole(group, "NumberOfWaveformChannels"), "channel"),
            f"{plain(frequency)} Hz",
            f"{plain(samples / frequency)} s" if frequency > 0 else "",
            text(group, "WaveformOriginality").lower(),
        ),
    )


def _remarks(outline: Outline, group: Dataset, samples: Group, share: int) -> None:
    said, there = whole(group, "NumberOfWaveformSamples"), len(samples.stored)
    if there < said:
        outline.note(1, f"{there:,} of {said:,} samples are there: the data end early")
    if (block := samples.block(share)) > 1:
        outline.note(1, f"of each {block:,} samples the least and the greatest are drawn")
    if offset := number(group, "MultiplexGroupTimeOffset"):
        outline.add(1, "Starts", f"{offset:g}", unit="ms after the time of reference")
    if whole(group, "NumberOfWaveformChannels") > MAX_CHANNELS:
        outline.note(1, f"the first {MAX_CHANNELS:,} channels are shown")


def _channels(outline: Outline, group: Dataset, names: tuple[str, ...]) -> None:
    outline.table(
        1,
        _COLUMNS,
        (
            (
                name,
                _unit(definition),
                _sensitivity(definition),
                plain(number(definition, "ChannelBaseline")),
                _filters(definition),
                listed(text(definition, "ChannelStatus")).lower(),
            )
            for name, definition in zip(
                names, items(group, "ChannelDefinitionSequence"), strict=False
            )
        ),
    )


def _marks(ds: Dataset) -> list[tuple[Dataset, dict[int, Channels]]]:
    """Annotations that say something, and what they are on."""
    found = items(ds, "WaveformAnnotationSequence")
    return [(mark, _meant(mark)) for mark in found if _words(mark)]


def _meant(mark: Dataset) -> dict[int, Channels]:
    """Channels by group, counted from 0; none stand for all (PS3.3 C.10.10.1.1)."""
    pairs = [int(value) for value in numbers(mark, "ReferencedWaveformChannels")]
    meant: dict[int, Channels] = {}
    for group, channel in zip(pairs[::2], pairs[1::2], strict=False):
        if group > 0:
            meant[group - 1] = (*meant.get(group - 1, ()), channel - 1)
    return {group: () if -1 in channels else channels for group, channels in meant.items()} or {
        0: ()
    }


def _times(mark: Dataset, frequency: float) -> tuple[float, ...]:
    """Seconds from the first sample, which has the number 1."""
    positions = numbers(mark, "ReferencedSamplePositions")
    if positions and frequency > 0:
        return tuple((position - 1) / frequency for position in positions)
    return tuple(numbers(mark, "ReferencedTimeOffsets"))


def _words(mark: Dataset) -> str:
    """Free text, or a concept with its value."""
    value = text(mark, "NumericValue")
    if value:
        unit = unit_of(code(mark, "MeasurementUnitsCodeSequence"))
        value = f"{listed(value)} {unit}".strip()
    value = value or code(mark, "ConceptCodeSequence").words
    concept = code(mark, "ConceptNameCodeSequence").words
    return joined(text(mark, "UnformattedTextValue"), joined(concept, value, by=": "))


def _annotations(
    outline: Outline,
    groups: list[Dataset],
    names: list[tuple[str, ...]],
    marks: list[tuple[Dataset, dict[int, Channels]]],
) -> None:
    rows = [
        (
            _words(mark),
            _span(_times(mark, _frequency(groups, index))),
            f"{index + 1}" if len(groups) > 1 else "",
            _named(channels, names[index] if index < len(names) else ()),
        )
        for mark, meant in marks
        for index, channels in meant.items()
    ]
    if rows:
        outline.heading(0, "Annotations", f"{len(rows):,}")
        outline.table(
            1,
            ("Annotation", "At", "Group", "Channels"),
            rows,
            keywords=("UnformattedTextValue", "", "", ""),
        )


def _frequency(groups: list[Dataset], index: int) -> float:
    return (number(groups[index], "SamplingFrequency") or 0.0) if index < len(groups) else 0.0


def _span(times: tuple[float, ...]) -> str:
    return ", ".join(f"{time:.3f} s" for time in times[:8]) + (" …" if len(times) > 8 else "")


def _named(channels: Channels, names: tuple[str, ...]) -> str:
    return ", ".join(names[at] if 0 <= at < len(names) else f"{at + 1}" for at in channels)


def _measured(outline: Outline, context: Dataset) -> None:
    """One content item of the acquisition context (PS3.3 C.7.6.14)."""
    found = content_value(context, text(context, "ValueType"))
    concept = code(context, "ConceptNameCodeSequence")
    value, unit = found.value, found.unit
    if "NumericValue" in context:
        value = listed(text(context, "NumericValue"))
        unit = unit_of(code(context, "MeasurementUnitsCodeSequence"))
    if value:
        outline.add(
            1, concept.words, value, unit=unit, vr=found.vr, keyword=found.keyword, code=found.code
        )
