"""Pixel data against what describes them and the transfer syntax, PS3.3 C.7.6.3, PS3.5 8."""

from __future__ import annotations

from pydicom.encaps import parse_basic_offsets, parse_fragments
from pydicom.uid import (
    UID,
    AllTransferSyntaxes,
    JPEG2000TransferSyntaxes,
    JPEGLSTransferSyntaxes,
    JPEGTransferSyntaxes,
)

from core.imaging.codestream import claim_of
from core.validation.report import Report
from core.validation.tree import Element, Item, Tree

SAMPLES, PHOTOMETRIC, PLANAR = 0x00280002, 0x00280004, 0x00280006
FRAMES, ROWS, COLUMNS = 0x00280008, 0x00280010, 0x00280011
ALLOCATED, STORED, HIGH_BIT, REPRESENTATION = 0x00280100, 0x00280101, 0x00280102, 0x00280103
PIXEL_DATA, FLOAT_DATA, DOUBLE_DATA = 0x7FE00010, 0x7FE00008, 0x7FE00009
_PALETTES = (0x00281101, 0x00281102, 0x00281103, 0x00281201, 0x00281202, 0x00281203)
_SEGMENTED = (0x00281221, 0x00281222, 0x00281223)
_SAMPLES_OF = {
    "MONOCHROME1": 1, "MONOCHROME2": 1, "PALETTE COLOR": 1, "RGB": 3, "YBR_FULL": 3,
    "YBR_FULL_422": 3, "YBR_PARTIAL_422": 3, "YBR_PARTIAL_420": 3, "YBR_ICT": 3, "YBR_RCT": 3,
    "XYB": 3, "HSV": 3, "ARGB": 4, "CMYK": 4,
}  # fmt: skip
_OF_JPEG_2000 = ("YBR_ICT", "YBR_RCT")
_HTJ2K = tuple(f"1.2.840.10008.1.2.4.{number}" for number in (201, 202, 203))
_JPEG_2000 = (*JPEG2000TransferSyntaxes, *_HTJ2K)
_CODED = (*JPEGTransferSyntaxes, *JPEGLSTransferSyntaxes, *_JPEG_2000)
HEAD = 1 << 16
"""Bytes of the first coded frame that are looked at."""
_SECTION = "PS3.3 C.7.6.3"
_BITS = {FLOAT_DATA: 32, DOUBLE_DATA: 64}


def judge_pixels(tree: Tree, report: Report) -> None:
    """Judge the pixel data of the data set itself, where there are any."""
    found = [tree.root.elements[tag] for tag in (PIXEL_DATA, *_BITS) if tag in tree.root.elements]
    if not found:
        return
    for more in found[1:]:
        report.error("pixel data", "a second kind of pixel data", _SECTION, at=more.place)
    pixels = found[0]
    if pixels.tag == PIXEL_DATA:
        _judge_bits(tree.root, report)
    _judge_colour(tree, report)
    if pixels.length is None:
        _judge_encapsulated(tree, pixels, report)
    else:
        _judge_native(tree, pixels, report)


def _judge_bits(root: Item, report: Report) -> None:
    allocated, stored, high = (root.number(tag) for tag in (ALLOCATED, STORED, HIGH_BIT))
    if allocated is not None and allocated != 1 and (allocated <= 0 or allocated % 8):
        _about(root, ALLOCATED, "Bits Allocated is 1 or a multiple of 8", report)
    if allocated is not None and stored is not None and not 0 < stored <= allocated:
        _about(root, STORED, f"more or fewer bits than the {allocated} allocated", report)
    if stored is not None and high is not None and high != stored - 1:
        text = f"High Bit is Bits Stored less one, which is {stored - 1}"
        _about(root, HIGH_BIT, text, report)
    if root.number(REPRESENTATION) not in (None, 0, 1):
        _about(root, REPRESENTATION, "Pixel Representation is 0 or 1", report)
    for tag in (ROWS, COLUMNS):
        if root.number(tag) == 0:
            _about(root, tag, "an image of no extent", report)
    frames = root.number(FRAMES)
    if frames is not None and frames < 1:
        _about(root, FRAMES, "Number of Frames is 1 or more", report)


def _judge_colour(tree: Tree, report: Report) -> None:
    root = tree.root
    photometric, samples = root.text(PHOTOMETRIC), root.number(SAMPLES)
    wanted = _SAMPLES_OF.get(photometric)
    if photometric and wanted is None:
        _about(root, PHOTOMETRIC, "no Photometric Interpretation of PS3.3", report)
    elif samples is not None and wanted is not None and samples != wanted:
        _about(root, SAMPLES, f"{photometric} has {wanted} per pixel", report)
    if samples is not None and samples > 1 and PLANAR not in root.elements:
        text = "several samples per pixel, and no Planar Configuration (0028,0006)"
        _about(root, SAMPLES, text, report)
    if photometric == "PALETTE COLOR":
        segmented = any(tag in root.elements for tag in _SEGMENTED)
        tables = (*_PALETTES[:3], *_SEGMENTED) if segmented else _PALETTES
        if any(tag not in root.elements for tag in tables):
            text = "PALETTE COLOR, and not all palettes are there"
            _about(root, PHOTOMETRIC, text, report)
    if photometric in _OF_JPEG_2000 and _is_known(tree) and tree.transfer_syntax not in _JPEG_2000:
        _about(root, PHOTOMETRIC, "is of JPEG 2000, and the transfer syntax is not", report)


def _judge_native(tree: Tree, pixels: Element, report: Report) -> None:
    syntax = UID(tree.transfer_syntax)
    if _is_known(tree) and syntax.is_encapsulated:
        text = f"native pixel data, and the transfer syntax is {syntax.name}"
        report.error("transfer syntax", text, "PS3.5 A.4", at=pixels.place)
        return
    length = native_length(tree.root, pixels.tag)
    if length is None:
        report.unjudged.append("the length of the pixel data: what describes them is not all there")
    elif pixels.length is not None and pixels.length < length:
        text = f"{pixels.length:,} bytes, and the image has {length:,}"
        report.error("pixel data", text, "PS3.5 8.1.1", at=pixels.place)
    elif pixels.length is not None and pixels.length > length + length % 2:
        text = f"{pixels.length:,} bytes, and the image has {length:,}: bytes too many"
        report.warning("pixel data", text, "PS3.5 8.1.1", at=pixels.place)
    allocated = tree.root.number(ALLOCATED) or 0
    if pixels.tag == PIXEL_DATA and pixels.vr == "OB" and allocated > 8 and not tree.is_implicit:
        text = f"VR OB, where {allocated} bits are allocated: OW"
        report.error("vr", text, "PS3.5 8.2", at=pixels.place)


def native_length(root: Item, tag: int = PIXEL_DATA) -> int | None:
    """The bytes that native pixel data have, without padding; None where that is not told."""
    rows, columns, samples = (root.number(t) for t in (ROWS, COLUMNS, SAMPLES))
    bits = _BITS.get(tag) or root.number(ALLOCATED)
    if not rows or not columns or not samples or not bits:
        return None
    frames = max(1, root.number(FRAMES) or 1)
    photometric = root.text(PHOTOMETRIC)
    total = rows * columns * samples * bits * frames
    if photometric.endswith("_422"):
        total = total * 2 // 3
    elif photometric.endswith("_420"):
        total //= 2
    return (total + 7) // 8


def _judge_encapsulated(tree: Tree, pixels: Element, report: Report) -> None:
    syntax = UID(tree.transfer_syntax)
    if _is_known(tree) and not syntax.is_encapsulated:
        text = f"encapsulated pixel data, and the transfer syntax is {syntax.name}"
        report.error("transfer syntax", text, "PS3.5 A.4", at=pixels.place)
    if pixels.vr not in ("OB", "UN"):
        text = f"VR {pixels.vr}, and encapsulated pixel data have OB"
        report.error("vr", text, "PS3.5 A.4", at=pixels.place)
    file = tree.source.file
    file.seek(pixels.offset)
    try:
        table = parse_basic_offsets(file)
        count, offsets = parse_fragments(file)
    except ValueError as fault:
        report.error("fragments", str(fault), "PS3.5 A.4", at=pixels.place)
        return
    _judge_fragments(tree, pixels, count, len(table), report)
    if offsets and _is_known(tree):
        _judge_stream(tree, tree.source.at(offsets[0] + 8, HEAD), pixels, report)


def _judge_fragments(
    tree: Tree, pixels: Element, count: int, in_table: int, report: Report
) -> None:
    frames = max(1, tree.root.number(FRAMES) or 1)
    name = UID(tree.transfer_syntax).name
    is_video = "MPEG" in name or "HEVC" in name
    if is_video:
        report.unjudged.append("how many frames the video has")
    elif count < frames:
        text = f"{count:,} fragments for {frames:,} frames"
        report.error("fragments", text, "PS3.5 A.4", at=pixels.place)
    elif in_table and in_table != frames:
        text = f"a Basic Offset Table of {in_table:,} entries for {frames:,} frames"
        report.error("fragments", text, "PS3.5 A.4", at=pixels.place)
    elif "RLE" in name and count != frames:
        text = f"{count:,} fragments for {frames:,} frames; RLE has one for each"
        report.error("fragments", text, "PS3.5 A.4.2", at=pixels.place)


def _judge_stream(tree: Tree, head: bytes, pixels: Element, report: Report) -> None:
    """Whether the first coded frame is of the kind, and of the size, that the header tells."""
    name = UID(tree.transfer_syntax).name
    if tree.transfer_syntax not in _CODED:
        report.unjudged.append(f"what is in the coded frames: {name}")
        return
    claim = claim_of(head)
    if claim is None:
        text = f"the first frame is no stream that can be read, and should be {name}"
        report.error("coded frame", text, "PS3.5 8.2", at=pixels.place)
        return
    if tree.transfer_syntax not in claim.syntaxes:
        text = f"the first frame is {claim.syntaxes[0].name}, and the transfer syntax {name}"
        report.error("coded frame", text, "PS3.5 8.2", at=pixels.place)
    for tag, coded in ((ROWS, claim.rows), (COLUMNS, claim.columns), (SAMPLES, claim.samples)):
        told = tree.root.number(tag)
        if told is not None and told != coded:
            _about(tree.root, tag, f"the first coded frame has {coded}", report)


def _is_known(tree: Tree) -> bool:
    return tree.transfer_syntax in AllTransferSyntaxes


def _about(root: Item, tag: int, text: str, report: Report) -> None:
    element = root.elements[tag]
    report.error("pixel description", text, _SECTION, at=element.place, value=element.text)
