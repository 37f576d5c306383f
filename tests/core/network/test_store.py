"""C-STORE as SCP: what is told, what is refused and how, and what arrives."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydicom import dcmread

from core.errors import (
    ArchiveError,
    DuplicateError,
    MismatchError,
    ModalittyError,
    NotDicomError,
    OutOfResourcesError,
)
from core.events import InstanceRefused, InstanceStored, MessageHandled
from core.model import Modality
from core.network import pdu
from core.network.contexts import EXPLICIT_LE, IMPLICIT_LE
from core.network.scu import Caller
from core.settings import Accept, UnknownCallers
from tests.core.network.fakes import CT, MemoryArchive, Recorder, Source, write_object
from tests.core.network.raw import Raw, p_data, store_command

DATA = b"\x08\x00\x18\x00UI\x08\x001.2.3.4\x00"
PRIVATE_SYNTAX = "1.2.826.0.1.99"


def _store(raw: Raw, uid: str = "1.2.3.4", context: int = 3) -> int:
    raw.send(p_data(context, 3, store_command(uid)), p_data(context, 2, DATA))
    return raw.answer().status


def test_an_object_arrives_as_it_is(
    me: Modality, caller: Caller, archive: MemoryArchive, recorder: Recorder, tmp_path: Path
) -> None:
    sent = write_object(tmp_path, "1.2.3.4", kib=700)
    (result,) = caller.store(me, [sent], originator=("ASKER", 17))
    assert result.outcome.ok
    assert result.size == sent.stat().st_size
    assert archive.datasets[0] == dcmread(sent)
    stored = recorder.wait(InstanceStored)[0]
    assert (stored.source, stored.originator_ae, stored.originator_id) == (
        ("MODALITTY", "ASKER", 17)
    )
    messages = recorder.wait(MessageHandled, 2)
    assert {(m.operation, m.status, m.outgoing) for m in messages} == {
        ("C-STORE", 0, False),
        ("C-STORE", 0, True),
    }


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        (OutOfResourcesError("full"), 0xA700),
        (MismatchError("other"), 0xA900),
        (DuplicateError("twice"), 0x0111),
        (NotDicomError("what"), 0xC000),
        (ArchiveError("broken"), 0x0110),
    ],
)
def test_what_the_archive_does_not_take_is_refused_with_its_status(
    fault: ModalittyError, status: int, port: int, archive: MemoryArchive, recorder: Recorder
) -> None:
    def fail(incoming: object) -> None:
        raise fault

    archive.before_commit = fail
    with Raw.connect(port) as raw:
        raw.associate()
        assert _store(raw) == status
        archive.before_commit = lambda incoming: None
        assert _store(raw) == 0, "the association goes on"
    event = recorder.wait(InstanceRefused)[0]
    assert (event.sop_instance_uid, event.status, event.reason) == (
        ("1.2.3.4", status, fault.message)
    )


def test_a_disk_that_fills_in_the_middle(port: int, archive: MemoryArchive) -> None:
    archive.full_after = 10_000
    with Raw.connect(port) as raw:
        raw.associate()
        raw.send(p_data(3, 3, store_command()))
        for _ in range(50):
            raw.send(p_data(3, 0, b"x" * 1000))
        raw.send(p_data(3, 2, b"x" * 1000))
        assert raw.answer().status == 0xA700
        archive.full_after = None
        assert _store(raw) == 0
    assert [incoming.state for incoming in archive.incoming] == ["discarded", "committed"]


def test_an_object_without_uid_is_refused(port: int, archive: MemoryArchive) -> None:
    with Raw.connect(port) as raw:
        raw.associate()
        assert _store(raw, uid="") == 0x0117
        assert _store(raw) == 0
    assert len(archive.incoming) == 1


def test_another_class_than_the_context_is_refused(port: int) -> None:
    with Raw.connect(port) as raw:
        raw.associate(contexts=(pdu.context(3, f"{CT}.1", [EXPLICIT_LE]),))
        assert _store(raw) == 0x0122


def test_a_store_on_a_context_of_another_service_is_refused(port: int) -> None:
    with Raw.connect(port) as raw:
        raw.associate()
        assert _store(raw, context=1) == 0x0122


@pytest.mark.parametrize(
    ("accept", "taken"),
    [
        (Accept(), [True, True, True]),
        (Accept(sop_classes=("1.2.840.10008.*",)), [True, False, True]),
        (Accept(sop_classes=("1.2.826.*",)), [False, True, False]),
        (Accept(transfer_syntaxes=("1.2.840.10008.1.2", "1.2.840.10008.1.2.1")), [1, 1, 0]),
        (Accept(transfer_syntaxes=()), [False, False, False]),
    ],
)
def test_the_configuration_narrows_what_is_taken(
    accept: Accept, taken: list[bool], settings: Source, port: int
) -> None:
    fields = {**{f: getattr(accept, f) for f in accept.__struct_fields__}}
    fields["unknown_callers"] = UnknownCallers.ACCEPT
    settings.station(accept=Accept(**fields))
    offered = (
        pdu.context(1, CT, [IMPLICIT_LE, EXPLICIT_LE]),
        pdu.context(3, "1.2.826.0.1.5", [EXPLICIT_LE]),
        pdu.context(5, CT, [PRIVATE_SYNTAX]),
    )
    with Raw.connect(port) as raw:
        raw.send(pdu.encode_request(pdu.Associate("RAW", "MODALITTY", offered, 16384)))
        kind, body = raw.pdu()
        assert kind == 2
        answers = pdu.decode_associate(kind, memoryview(body)).contexts
    assert [cx.result == 0 for cx in answers] == [bool(t) for t in taken]
    if taken[0]:
        assert answers[0].transfer_syntax == [EXPLICIT_LE], "explicit keeps the VR of private data"
