"""The other direction: whether our listener is there for the peer, and whether the peer called."""

from __future__ import annotations

import time
from collections.abc import Iterator

from core.doctor.examination import Examination, bad, good, odd, unknown
from core.doctor.visitors import is_loopback
from core.errors import SettingsError
from core.model import Finding, Modality, Operation, Visitor
from core.network.contexts import NATIVE, VERIFICATION, Offer
from core.network.faults import LinkError, RejectedError
from core.settings import TlsListen

_SOON = 120.0
"""Seconds within which a caller is one of now."""


def listener(exam: Examination) -> Iterator[Finding]:
    """Call ourselves at the address that the peer would call."""
    station = exam.settings.station
    if _peer_is_elsewhere(exam) and is_loopback(station.host):
        yield bad(
            "listener",
            f"we listen on {station.host} only",
            means="nobody outside of this machine can call us: no C-STORE, no C-MOVE to us",
            advice='set station.host to "0.0.0.0", or to our address in the peer\'s network',
        )
        return
    host = exam.own_address or "127.0.0.1"
    if not is_loopback(station.host) and station.host not in ("0.0.0.0", "::"):  # noqa: S104
        host = station.host
    port = exam.listening[1] if exam.listening else station.port
    tls = station.tls.listen is TlsListen.ONLY
    if tls:
        port = exam.listening_tls or station.tls.port
    me = Modality(ae_title=station.ae_title, host=host, port=port, tls=tls)
    yield _answered(exam, me, _call(exam, me))


def _call(exam: Examination, me: Modality) -> LinkError | SettingsError | None:
    try:
        with exam.dial([Offer(VERIFICATION, NATIVE)], me):
            return None
    except (LinkError, SettingsError) as exc:
        return exc


def _answered(exam: Examination, me: Modality, fault: LinkError | SettingsError | None) -> Finding:
    write = f"the peer has to write: {exam.ours}"
    beyond = "whether the peer's host gets through to us shows only when it calls"
    where = f"{me.host} port {me.port}"
    refuses_us = isinstance(fault, RejectedError) and (fault.source, fault.reason) == (1, 3)
    if fault is None or refuses_us:
        return good("listener", f"it answers at {where}", means=f"{write}; {beyond}")
    if exam.listening is None and not isinstance(fault, RejectedError):
        return odd(
            "listener",
            f"nobody listens at {where} now",
            means="what is sent to us, and what a C-MOVE sends here, arrives nowhere",
            advice="start the console, or modalitty serve; " + write,
        )
    if isinstance(fault, RejectedError):
        seen = f'something at {where} does not answer to the AE title "{me.ae_title}"'
        return bad("listener", seen, advice="another station has our port: change station.port")
    return bad("listener", f"{where}: {fault}", advice="see Settings: host, port and TLS")


# -- who called


def callers(exam: Examination) -> Iterator[Finding]:
    """Tell what came lately from the peer's AE title or addresses, and what became of it."""
    since, written = exam.visitors.look_again()
    found = exam.visitors.of(exam.peer, exam.addresses)
    if not found:
        yield _silent(exam, since, written)
    for visitor in found[:5]:
        yield _visited(visitor)
    lacking = [op for op in (Operation.STORE,) if op not in exam.peer.allow]
    if lacking and exam.peer.name:
        yield odd(
            "callers",
            "it may not store here",
            advice=f"allow it in the modality {exam.peer.name}, if it is to send",
        )


def _silent(exam: Examination, since: float, written: float) -> Finding:
    if exam.listening is None and not written:
        return unknown(
            "callers",
            "nobody has called yet: no station listens on this data folder, or none was called",
            advice="start the console, or modalitty serve, and let the device try again",
        )
    until = "" if exam.listening else f", as of {_moment(written)}"
    return unknown(
        "callers",
        f"it has not called us since {_moment(since)}{until}",
        means="if it should have: it has another address for us, or something stands between",
        advice=f"check what is registered at the device: {exam.ours}; then the firewalls",
    )


def _visited(visitor: Visitor) -> Finding:
    who = f'"{visitor.calling}" at {visitor.host}'
    if visitor.turned_away:
        times = f", {visitor.refused} times in all" if visitor.refused > 1 else ""
        seen = f"{who} was refused {_ago(visitor.refused_at)}{times}: {visitor.reason}"
        return bad("callers", seen, advice=visitor.advice)
    seen = f"{who} called {_ago(visitor.accepted_at)} and was let in"
    means = f"earlier it was refused: {visitor.reason}" if visitor.reason else ""
    return good("callers", seen, means=means)


def _ago(at: float) -> str:
    seconds = max(0.0, time.time() - at)
    if seconds < _SOON:
        return f"{seconds:.0f} s ago"
    if seconds < 120 * 60:
        return f"{seconds // 60:.0f} min ago"
    return f"at {_moment(at)}"


def _moment(at: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(at))


def _peer_is_elsewhere(exam: Examination) -> bool:
    return bool(exam.own_address) and not is_loopback(exam.own_address)
