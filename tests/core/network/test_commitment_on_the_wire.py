"""Reports on commitment that cross other messages: each side may ask while it is asked."""

from __future__ import annotations

from core.network.commitment import messages
from core.network.commitment.asking import Patience
from core.network.commitment.awaited import AwaitedReports
from core.network.commitment.messages import Reference, Report
from core.network.contexts import EXPLICIT_LE
from core.network.scu import Caller
from tests.core.network.fakes import CT, Source
from tests.core.network.raw import Raw, accept_all, p_data, peer, read_message

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
