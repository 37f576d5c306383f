"""Who may ask what on a presentation context: SCP/SCU role selection, PS3.7 D.3.3.4, and C-GET."""

from __future__ import annotations

from pathlib import Path

import pytest
from pynetdicom.pdu_primitives import SCP_SCU_RoleSelectionNegotiation as Role

from core.events import MessageHandled
from core.model import Level, OutcomeState, Ref, Root
from core.network import command, identifier, pdu, queries
from core.network.command import Field, Verb
from core.network.contexts import EXPLICIT_LE, GET
from core.network.scu import Caller
from core.settings import Accept, UnknownCallers
from tests.core.network.fakes import CT, MemoryArchive, Recorder, Source, write_object
from tests.core.network.raw import (
    Raw,
    accept_all,
    p_data,
    peer,
    read_message,
    respond,
    store_command,
)

REF = Ref(level=Level.STUDY, study_uid="1.2.3")
OBJECT = b"\x08\x00\x18\x00UI\x08\x001.2.3.4\x00"


def _role(*, scu: bool, scp: bool) -> Role:
    role = Role()
    role.sop_class_uid = CT
    role.scu_role, role.scp_role = scu, scp
    return role


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ({}, 0),
        ({"sop_classes": ("1.2.826.*",)}, 0x0122),
        ({"transfer_syntaxes": ("1.2.840.10008.1.2",)}, 0x0122),
    ],
)
def test_what_is_accepted_to_be_sent_is_not_taken_where_the_configuration_says_no(
    accept: dict, status: int, settings: Source, port: int, archive: MemoryArchive
) -> None:
    settings.station(accept=Accept(unknown_callers=UnknownCallers.ACCEPT, **accept))
    proposed = (pdu.context(3, CT, [EXPLICIT_LE]),)
    role = _role(scu=False, scp=True)
    with Raw.connect(port) as raw:
        asked = pdu.Associate("RAW", "MODALITTY", proposed, 16384, (role,))
        raw.send(pdu.encode_request(asked))
        assert raw.pdu()[0] == 2
        raw.send(p_data(3, 3, store_command()), p_data(3, 2, OBJECT))
        assert raw.answer().status == status
    assert len(archive.instances) == (status == 0)


def test_a_role_that_a_peer_was_not_asked_for_does_not_count(
    settings: Source, caller: Caller, tmp_path: Path
) -> None:
    def script(raw: Raw) -> None:
        kind, body = raw.pdu()
        asked = pdu.decode_associate(kind, memoryview(body))
        for context in asked.contexts:
            context.transfer_syntax = context.transfer_syntax[:1]
            context.result = 0
        role = _role(scu=True, scp=True)
        raw.send(pdu.encode_accept(pdu.Associate("A", "B", asked.contexts, 16384, (role,))))
        context_id, request = read_message(raw)
        respond(raw, context_id, request, 0)
        read_message(raw)

    with peer(script) as port:
        (result,) = caller.store(settings.modality("eager", port), [write_object(tmp_path, "1.2")])
    assert result.outcome.ok, result.outcome


def test_nothing_is_stored_as_an_object_of_the_service_that_brings_it(
    settings: Source, caller: Caller, archive: MemoryArchive
) -> None:
    statuses = []
    service = GET[Root.STUDY]

    def script(raw: Raw) -> None:
        accept_all(raw)
        context, asked = read_message(raw)
        fields = command.request(Verb.C_STORE_RQ, 7, service, data_set=True)
        fields[Field.AFFECTED_SOP_INSTANCE_UID] = "1.2.3.4"
        raw.send(p_data(context, 3, command.encode(fields)), p_data(context, 2, OBJECT))
        statuses.append(raw.answer().status)
        respond(raw, context, asked, 0)
        read_message(raw)

    with peer(script) as port:
        list(caller.get(settings.modality("odd", port), REF, archive, sop_classes=[CT]))
    assert statuses == [0x0122]
    assert archive.instances == []


def test_a_refusal_of_ours_is_not_said_to_be_the_peers(
    settings: Source, caller: Caller, archive: MemoryArchive, recorder: Recorder
) -> None:
    archive.full_after = 0

    def script(raw: Raw) -> None:
        accept_all(raw)
        context, asked = read_message(raw)
        raw.send(p_data(3, 3, store_command()), p_data(3, 2, OBJECT))
        assert raw.answer().status == 0xA700
        respond(raw, context, asked, 0xA702)
        read_message(raw)

    with peer(script) as port:
        list(caller.get(settings.modality("pacs", port), REF, archive, sop_classes=[CT]))
    (told,) = [e for e in recorder.of(MessageHandled) if e.operation == "C-STORE"]
    assert told.meaning == "there is no room here"
    assert "archive.quota_mib" in told.advice


def test_an_answer_to_what_we_send_need_not_say_to_which_message(
    port: int, settings: Source, caller: Caller, tmp_path: Path
) -> None:
    """As when we send of our own accord: there is one request outstanding."""
    me = settings.modality("me", port, ae_title="MODALITTY")
    assert all(r.outcome.ok for r in caller.store(me, [write_object(tmp_path, "1.2.3.4")]))
    service = GET[Root.STUDY]
    proposed = (pdu.context(1, service, [EXPLICIT_LE]), pdu.context(3, CT, [EXPLICIT_LE]))
    role = _role(scu=False, scp=True)
    with Raw.connect(port) as raw:
        raw.send(pdu.encode_request(pdu.Associate("RAW", "MODALITTY", proposed, 1 << 20, (role,))))
        assert raw.pdu()[0] == 2
        asked = command.encode(command.request(Verb.C_GET_RQ, 1, service, data_set=True))
        ds = queries.for_ref(REF, Root.STUDY)
        raw.send(p_data(1, 3, asked), p_data(1, 2, identifier.encode(ds, EXPLICIT_LE)))
        assert raw.answer().status == 0xFF00
        context, store = read_message(raw)
        answer = command.response(store, 0)
        del answer[Field.MESSAGE_ID_BEING_RESPONDED_TO]
        raw.send(p_data(context, 3, command.encode(answer)))
        done = raw.answer()
        assert (done.verb, done.status) == (Verb.C_GET_RSP, 0)


def test_an_object_beyond_our_limit_is_a_failure_and_not_a_cancel(
    settings: Source, caller: Caller, archive: MemoryArchive
) -> None:
    settings.station(max_object_mib=1)

    def script(raw: Raw) -> None:
        accept_all(raw)
        read_message(raw)
        raw.send(p_data(3, 3, store_command()))
        for _ in range(70):
            raw.send(p_data(3, 0, b"x" * 16000))
        assert raw.expect_abort() == (0, 0)

    with peer(script) as port:
        pacs = settings.modality("pacs", port)
        *_, last = caller.get(pacs, REF, archive, sop_classes=[CT])
    assert last.outcome is not None
    assert last.outcome.state is OutcomeState.FAILED
    assert "max_object_mib (1)" in last.outcome.meaning
    assert "station.max_object_mib" in last.outcome.advice
    assert archive.instances == []
