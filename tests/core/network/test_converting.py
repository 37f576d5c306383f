"""Objects for peers that do not take them as they are: converted, or refused in the right words."""

from __future__ import annotations

import signal
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import Dataset, dcmread
from pydicom.dataset import FileMetaDataset
from pydicom.filebase import DicomBytesIO
from pydicom.filereader import read_dataset
from pydicom.filewriter import write_dataset
from pydicom.uid import (
    MPEG2MPML,
    UID,
    AllTransferSyntaxes,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEGLSLossless,
    RLELossless,
)
from pynetdicom import AE, StoragePresentationContexts, evt

from core.model import Level, Modality, OutcomeState, Ref
from core.network import command, contexts, pdu
from core.network.command import Field, Verb
from core.network.scu import Caller
from core.network.services import retrieve
from tests.core.network.fakes import CT, MemoryArchive, Source, make_object
from tests.core.network.raw import Raw, p_data
from tests.core.test_transfers import station_at
from tests.peers import dcmtk
from tests.samples import sample_file

RLE = sample_file("MR_small_RLE.dcm")
PLAIN = sample_file("MR_small.dcm")


class Taker:
    """What a pynetdicom storage SCP got: transfer syntax and bytes of each data set."""

    def __init__(self) -> None:
        self.got: list[tuple[str, bytes]] = []

    def store(self, event: evt.Event) -> int:
        data = event.request.DataSet.getvalue()
        self.got.append((str(event.context.transfer_syntax), data))
        return 0

    def dataset(self, index: int = 0) -> Dataset:
        syntax, data = self.got[index]
        little = syntax != ExplicitVRBigEndian
        ds = read_dataset(BytesIO(data), syntax == ImplicitVRLittleEndian, little)
        ds.file_meta = FileMetaDataset()
        ds.file_meta.TransferSyntaxUID = syntax
        return ds


@pytest.fixture
def taking(settings: Source) -> Iterator[Callable[..., Any]]:
    @contextmanager
    def make(*syntaxes: str) -> Iterator[tuple[Modality, Taker]]:
        taker = Taker()
        ae = AE("TAKER")
        for context in StoragePresentationContexts:
            ae.add_supported_context(context.abstract_syntax, list(syntaxes))
        handlers = [(evt.EVT_C_STORE, taker.store)]
        server = ae.start_server(("127.0.0.1", 0), block=False, evt_handlers=handlers)
        try:
            yield settings.modality("taker", server.server_address[1]), taker
        finally:
            server.shutdown()

    return make


@pytest.mark.parametrize(
    "syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian]
)
@pytest.mark.parametrize("path", [RLE, PLAIN, sample_file("MR_small_expb.dcm")])
def test_a_peer_of_one_native_syntax_gets_everything_in_it(
    taking: Callable[..., Any], caller: Caller, syntax: UID, path: Path
) -> None:
    with taking(syntax) as (peer, taker):
        (result,) = caller.store(peer, [path])
    assert result.outcome.ok, result
    source = dcmread(path).file_meta.TransferSyntaxUID
    assert taker.got[0][0] == syntax
    assert np.array_equal(taker.dataset().pixel_array, dcmread(PLAIN).pixel_array)
    if source == syntax:
        assert result.note == ""
    elif source == RLELossless:
        assert result.note == "decompressed from RLE Lossless"
    else:
        assert result.note.startswith("rewritten from")


def test_an_object_that_is_taken_as_it_is_stays_as_it_is(
    taking: Callable[..., Any], caller: Caller
) -> None:
    with taking(RLELossless, ImplicitVRLittleEndian) as (peer, taker):
        (result,) = caller.store(peer, [RLE])
    assert (result.outcome.ok, result.note) == (True, "")
    whole = RLE.read_bytes()
    assert whole.endswith(taker.got[0][1])


def test_a_lossy_object_is_decompressed_and_says_that_it_was_lossy(
    taking: Callable[..., Any], caller: Caller
) -> None:
    path = sample_file("SC_rgb_dcmtk_+eb+cy+np.dcm")
    assert "LossyImageCompression" not in dcmread(path) or dcmread(path).LossyImageCompression
    with taking(ImplicitVRLittleEndian) as (peer, taker):
        (result,) = caller.store(peer, [path])
    assert result.outcome.ok, result
    ds = taker.dataset()
    assert ds.PhotometricInterpretation == "RGB"
    assert (ds.PlanarConfiguration, ds.LossyImageCompression) == (0, "01")
    assert len(ds.PixelData) == ds.Rows * ds.Columns * 3


def test_a_cancel_does_not_wait_for_a_conversion(
    taking: Callable[..., Any], caller: Caller
) -> None:
    transcoder = caller._converter._transcoder
    transcoder.warm_up()
    assert transcoder._process is not None
    transcoder._process.send_signal(signal.SIGSTOP)  # as one that is at work for minutes
    cancel = threading.Event()
    threading.Timer(0.3, cancel.set).start()
    with taking(ExplicitVRLittleEndian) as (peer, taker):
        first, second = caller.store(peer, [RLE, PLAIN], cancel=cancel)
    assert first.outcome.state is OutcomeState.CANCELLED
    assert second.outcome.state is OutcomeState.CANCELLED
    assert not taker.got


def test_what_cannot_be_converted_is_told_in_words(
    taking: Callable[..., Any], caller: Caller, tmp_path: Path
) -> None:
    broken = dcmread(RLE)
    broken.PixelData = (
        broken.PixelData[:200]
        + b"\xff" * (len(broken.PixelData) - 208)
        + (b"\xfe\xff\xdd\xe0\0\0\0\0")
    )
    path = tmp_path / "broken.dcm"
    broken.save_as(path)
    with taking(ExplicitVRLittleEndian) as (peer, taker):
        results = list(caller.store(peer, [path, PLAIN]))
    by_path = {result.path: result.outcome for result in results}
    assert by_path[str(PLAIN)].ok, "one bad object holds up no other"
    assert by_path[str(path)].state is OutcomeState.FAILED
    assert "it cannot be had in Explicit VR Little Endian" in by_path[str(path)].meaning
    assert "RLE Lossless" in by_path[str(path)].advice
    assert len(taker.got) == 1


def test_no_syntax_in_common_is_not_said_to_be_an_unknown_class(
    taking: Callable[..., Any], caller: Caller, tmp_path: Path
) -> None:
    with taking(JPEGLSLossless) as (peer, _):
        (result,) = caller.store(peer, [RLE])
    assert "none of the transfer syntaxes" in result.outcome.meaning
    film = dcmread(PLAIN)
    film.file_meta.TransferSyntaxUID = MPEG2MPML
    film["PixelData"].is_undefined_length = True
    film.PixelData = b"\xfe\xff\x00\xe0\0\0\0\0\xfe\xff\x00\xe0\x02\0\0\0ab"
    path = tmp_path / "film.dcm"
    film.save_as(path)
    with taking(ExplicitVRLittleEndian) as (peer, taker):
        (result,) = caller.store(peer, [path])
    assert "none of the transfer syntaxes" in result.outcome.meaning, "it has no native form"
    assert not taker.got


# -- as received


def encoded(ds: Dataset, syntax: UID) -> bytes:
    """A data set as it is sent in a transfer syntax, the pixels being whatever they are."""
    with DicomBytesIO() as out:
        out.is_implicit_VR = syntax.is_implicit_VR
        out.is_little_endian = syntax.is_little_endian
        write_dataset(out, ds)
        data = out.getvalue()
    if not syntax.is_deflated:
        return data
    deflater = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    packed = deflater.compress(data) + deflater.flush()
    return packed + b"\0" * (len(packed) % 2)


def test_every_transfer_syntax_is_taken_byte_for_byte(tmp_path: Path) -> None:
    """On the disk lies what was sent, behind file meta information of our own."""
    with station_at(tmp_path / "station", "MODALITTY") as station:
        station.change("station.accept.unknown_callers", "accept")
        classes = {f"1.2.826.0.1.3680043.9.1.{n}": uid for n, uid in enumerate(AllTransferSyntaxes)}
        proposed = [
            pdu.context(2 * n + 1, uid, [syntax]) for n, (uid, syntax) in enumerate(classes.items())
        ]
        with Raw.connect(station.settings.station.port) as raw:
            raw.associate(contexts=proposed)
            for number, (sop_class, syntax) in enumerate(classes.items()):
                uid, context = f"1.2.3.4.{number}", 2 * number + 1
                body = encoded(make_object(uid, sop_class=sop_class), syntax)
                fields = command.request(Verb.C_STORE_RQ, 1, sop_class, data_set=True)
                fields[Field.AFFECTED_SOP_INSTANCE_UID] = uid
                raw.send(p_data(context, 3, command.encode(fields)), p_data(context, 2, body))
                answer = raw.answer()
                assert answer.status == 0, (syntax.name, answer.text(Field.ERROR_COMMENT))
                (held,) = station.archive.instances(Ref(level=Level.IMAGE, sop_instance_uid=uid))
                assert held.transfer_syntax_uid == syntax
                assert Path(held.path).read_bytes().endswith(body), syntax.name


def test_what_is_accepted_narrows_at_once(settings: Source, port: int) -> None:
    from msgspec.structs import replace

    def accepted(abstract: str, syntax: str) -> bool:
        ae = AE("SENDER")
        ae.add_requested_context(abstract, syntax)
        ae.add_requested_context("1.2.840.10008.1.1")
        assoc = ae.associate("127.0.0.1", port, ae_title="MODALITTY")
        found = any(cx.abstract_syntax == abstract for cx in assoc.accepted_contexts)
        assoc.release()
        return found

    private = "1.2.826.0.1.3680043.9.1.77"
    for uid in (CT, private):
        assert accepted(uid, RLELossless)
    narrow = replace(
        settings.current.station.accept,
        transfer_syntaxes=("1.2.840.10008.1.2", "1.2.840.10008.1.2.4.*"),
        sop_classes=("1.2.840.10008.5.1.4.1.1.?",),
    )
    settings.station(accept=narrow)
    assert not accepted(CT, RLELossless)
    assert not accepted(private, ImplicitVRLittleEndian)
    assert accepted(CT, ImplicitVRLittleEndian)
    assert accepted(CT, JPEGLSLossless)


# -- counters


def test_counters_stop_at_what_sixteen_bits_hold() -> None:
    counts = retrieve.Counts(200_000)
    assert counts.fields(with_remaining=True)[retrieve.Field.REMAINING] == 0xFFFF
    counts.completed, counts.remaining = 70_000, 130_000
    counts.failed = ["1.2.3"] * 66_000
    fields = counts.fields(with_remaining=False)
    assert (fields[retrieve.Field.COMPLETED], fields[retrieve.Field.FAILED]) == (0xFFFF, 0xFFFF)
    assert counts.final_status() == 0xB000


# -- DCMTK


@pytest.mark.interop
@pytest.mark.parametrize("option", ["+xi", "+xe", "+xb"])
def test_storescp_of_one_syntax_gets_compressed_objects(
    settings: Source, caller: Caller, tmp_path: Path, option: str
) -> None:
    with dcmtk.storescp(tmp_path / "in", option) as peer:
        known = settings.modality("store", peer.port, ae_title="STORESCP")
        results = list(caller.store(known, [RLE, sample_file("JPEG2000.dcm")]))
    assert all(result.outcome.ok for result in results), results
    assert len(list((tmp_path / "in").iterdir())) == 2
    for path in (tmp_path / "in").iterdir():
        ds = dcmread(path)
        assert not ds.file_meta.TransferSyntaxUID.is_compressed
        assert ds.pixel_array.size


@pytest.mark.interop
def test_dcmqrscp_gets_what_it_does_not_take_as_it_is(
    settings: Source, caller: Caller, tmp_path: Path
) -> None:
    with dcmtk.dcmqrscp(tmp_path / "qr", {"us": ("MODALITTY", 1)}) as peer:
        known = settings.modality("qr", peer.port, ae_title="DCMQRSCP")
        (result,) = caller.store(known, [RLE])
    assert result.outcome.ok, result


SYNTAX_OPTIONS = {
    "-xs": "JPEG-LL.dcm",
    "-xy": "SC_rgb_dcmtk_+eb+cy+np.dcm",
    "-xt": "MR_small_jpeg_ls_lossless.dcm",
    "-xv": "MR_small_jp2klossless.dcm",
    "-xr": "MR_small_RLE.dcm",
    "-xd": "image_dfl.dcm",
    "-xi": "MR_small_implicit.dcm",
}


@pytest.mark.interop
@pytest.mark.parametrize("option", SYNTAX_OPTIONS)
def test_storescu_brings_compressed_objects_as_they_are(
    port: int, archive: MemoryArchive, option: str
) -> None:
    path = sample_file(SYNTAX_OPTIONS[option])
    syntax = dcmread(path, stop_before_pixels=True).file_meta.TransferSyntaxUID
    bodies: list[bytes] = []
    archive.before_commit = lambda incoming: bodies.append(bytes(incoming.data))
    dcmtk.run("storescu", "-v", option, "-aec", "MODALITTY", "127.0.0.1", port, path)
    assert [i._known["transfer_syntax_uid"] for i in archive.incoming] == [syntax]
    assert len(bodies) == 1


def test_every_storage_class_of_the_standard_is_served() -> None:
    for context in StoragePresentationContexts:
        found = contexts.operation(str(context.abstract_syntax))
        assert found is not None
        assert found.value == "store"
