"""Reports on commitment that cross other messages: each side may ask while it is asked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydicom import Dataset
from pynetdicom.pdu_primitives import SCP_SCU_RoleSelectionNegotiation as Role

from core.events import EventBus
from core.model import Root
from core.network import command, identifier, pdu
from core.network.command import Verb
from core.network.commitment import messages, returning
from core.network.commitment.asking import Patience
from core.network.commitment.awaited import AwaitedReports
from core.network.commitment.messages import Reference, Report, Request
from core.network.contexts import COMMITMENT, EXPLICIT_LE, FIND, GET
from core.network.listener import Listener
from core.network.scu import Caller
from tests.core.network.fakes import CT, MemoryArchive, Source, wait_until, write_object
from tests.core.network.raw import Raw, accept_all, p_data, peer, read_message, respond

REFERENCES = (Reference(CT, "1.2.3"),)


def _report(message_id: int, transaction: str) -> bytes:
    report = Report(transaction, REFERENCES)
    data = messages.encode_report(report, EXPLICIT_LE)
    return p_data(1, 3, messages.report_request(message_id, report)) + p_data(1, 2, data)


def test_reports_of_others_may_come_before_the_answer(settings: Source, caller: Caller) -> None:
    """A peer that has several reports to give gives them when it is called."""
    refused = []

    def script(raw: Raw) -> None:
        accept_all(raw)
        _, request = read_message(raw)
        for number in (1, 2, 3):
            raw.send(_report(number, f"1.2.{number}"))
            refused.append(raw.answer().status)
        raw.send(p_data(1, 3, messages.response(request, 0x0213)))
        read_message(raw)

    with peer(script) as port:
        pacs = settings.modality("pacs", port)
        patience = Patience(here=1.0, in_all=1.0)
        answer = caller.commit(pacs, REFERENCES, AwaitedReports(), patience)
    assert refused == [0x0115] * 3
    assert answer.outcome.status == 0x0213


def _ask_and_hear(raw: Raw, service: str) -> command.Command:
    """Ask for commitment, beside a service that comes next; the report that is to be answered."""
    role = Role()
    role.sop_class_uid, role.scu_role, role.scp_role = CT, False, True
    proposed = tuple(
        pdu.context(number, uid, [EXPLICIT_LE])
        for number, uid in ((1, COMMITMENT), (3, service), (5, CT))
    )
    raw.send(pdu.encode_request(pdu.Associate("RAW", "MODALITTY", proposed, 1 << 20, (role,))))
    assert raw.pdu()[0] == 2
    data = messages.encode_request(Request("1.2.77", REFERENCES), EXPLICIT_LE)
    raw.send(p_data(1, 3, messages.action_request(1)), p_data(1, 2, data))
    assert raw.answer().status == 0
    _, report = read_message(raw)
    assert report.verb == Verb.N_EVENT_REPORT_RQ
    return report


def _all_of(study: str) -> bytes:
    ds = Dataset()
    ds.QueryRetrieveLevel = "STUDY"
    ds.StudyInstanceUID = study
    return identifier.encode(ds, EXPLICIT_LE)


def _request(verb: Verb, service: str) -> bytes:
    asked = command.encode(command.request(verb, 2, service, data_set=True))
    return p_data(3, 3, asked) + p_data(3, 2, _all_of("1.2.3"))


@pytest.fixture
def promising(
    settings: Source,
    archive: MemoryArchive,
    bus: EventBus,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[int]:
    """The port of a listener that reports soon; in the end it owes no report."""
    monkeypatch.setattr(returning, "QUIET", 0.1)
    listening = Listener(settings, archive, bus, promises=tmp_path / "promises")
    yield listening.start(0)
    wait_until(lambda: not list((tmp_path / "promises").iterdir()), "the report is settled")
    listening.stop(0.0)


def test_the_answer_to_a_report_may_come_while_a_query_is_answered(promising: int) -> None:
    """The caller asked before it saw our report: nobody has broken the protocol."""
    with Raw.connect(promising) as raw:
        report = _ask_and_hear(raw, FIND[Root.STUDY])
        answer = p_data(1, 3, messages.response(report, 0))
        raw.send(_request(Verb.C_FIND_RQ, FIND[Root.STUDY]), answer)
        found = raw.answer()
        assert (found.verb, found.status) == (Verb.C_FIND_RSP, 0)


def test_the_answer_to_a_report_may_come_while_objects_are_sent(
    promising: int, settings: Source, caller: Caller, tmp_path: Path
) -> None:
    me = settings.modality("me", promising, ae_title="MODALITTY")
    assert all(r.outcome.ok for r in caller.store(me, [write_object(tmp_path, "1.2.3.4")]))
    with Raw.connect(promising) as raw:
        report = _ask_and_hear(raw, GET[Root.STUDY])
        raw.send(_request(Verb.C_GET_RQ, GET[Root.STUDY]))
        assert raw.answer().status == 0xFF00
        context, store = read_message(raw)
        raw.send(p_data(1, 3, messages.response(report, 0)))
        respond(raw, context, store, 0)
        done = raw.answer()
        assert (done.verb, done.status) == (Verb.C_GET_RSP, 0)
