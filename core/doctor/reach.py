"""The lowest rungs: does the name resolve, does TCP connect, and what answers on that port."""

from __future__ import annotations

import contextlib
import errno
import ipaddress
import socket
import ssl
import time
from collections.abc import Iterator

from core.doctor.examination import Examination, bad, good, odd, unknown
from core.model import Finding, Outcome
from core.network import connect, status
from core.network.faults import ConnectError
from core.network.status import Meaning

USUAL_PORTS = (104, 11112, 4242, 2762)
"""Where DICOM listens: the classic port, the registered one, Orthanc's, TLS (PS3.8 9.1.1)."""
_LOOK = 1.0
_HEAR = 2.0


def name(exam: Examination) -> Iterator[Finding]:
    """Look the host name up."""
    host = exam.peer.host
    start = time.monotonic()
    deadline = start + exam.settings.station.connect_timeout
    try:
        found = connect.resolve(host, exam.peer.port, deadline, exam.stop)
    except ConnectError as exc:
        meaning = status.for_oserror(exc.cause)
        seen = f'"{host}" does not resolve: {exc.cause.strerror or exc.cause}'
        yield bad("name", seen, advice=meaning.advice, outcome=_outcome(meaning))
        return
    exam.addresses = list(dict.fromkeys(str(_host_of(address)) for _, address in found))
    exam.own_address = _own_address(exam.addresses, exam.peer.port)
    took = time.monotonic() - start
    if _is_address(host):
        yield good("name", f"{host} is an address: nothing to look up")
    elif took > _LOOK:
        yield odd(
            "name",
            f"{host} is {', '.join(exam.addresses)}",
            means=f"the look-up took {took:.1f} s, and every call waits for it",
            advice="look at our own resolver, or use the address",
            seconds=took,
        )
    else:
        yield good("name", f"{host} is {', '.join(exam.addresses)}", seconds=took)


def tcp(exam: Examination) -> Iterator[Finding]:
    """Connect to each address of the peer, until one takes it."""
    port = exam.peer.port
    faults: list[tuple[str, Meaning]] = []
    for address in exam.addresses:
        start = time.monotonic()
        try:
            sock = open_tcp(exam, address, port, exam.settings.station.connect_timeout)
        except OSError as exc:
            faults.append((address, status.for_oserror(exc)))
            continue
        with sock:
            exam.own_address = str(sock.getsockname()[0])
        took = time.monotonic() - start
        seen = f"connected to {address} port {port}, from our address {exam.own_address}"
        if faults:
            tried = ", ".join(host for host, _ in faults)
            yield odd(
                "tcp",
                f"{seen}; not to {tried}",
                means=f"{exam.peer.host} has addresses that do not answer: {faults[0][1].text}",
                advice="correct the name's entries in DNS",
                seconds=took,
            )
        else:
            yield good("tcp", seen, seconds=took)
        return
    yield _no_tcp(exam, faults)


def _no_tcp(exam: Examination, faults: list[tuple[str, Meaning]]) -> Finding:
    host, meaning = faults[0]
    seen = f"{host} port {exam.peer.port}: {meaning.text}"
    advice, means = meaning.advice, ""
    if "refused" in meaning.text:
        means = "the host itself answers: it is up, and the way to it is open"
        open_there = [port for port in USUAL_PORTS if _is_open(exam, host, port)]
        if open_there:
            ports = ", ".join(map(str, open_there))
            advice = f"port {ports} is open there: is it that? If not, {advice}"
    return bad("tcp", seen, means=means, advice=advice, outcome=_outcome(meaning))


def speaks(exam: Examination) -> Iterator[Finding]:
    """Find out what listens where no association came about: TLS, a web server, or what else."""
    found = what_speaks(exam)
    if found == "TLS":
        yield bad(
            "speaks",
            "the port speaks TLS",
            means="DICOM goes through TLS there, and we called without",
            advice="set tls = true for it, or give its plain port",
        )
    elif found == "HTTP":
        yield bad(
            "speaks",
            "a web server answers on that port",
            advice=f"give its DICOM port ({', '.join(map(str, USUAL_PORTS[:3]))} are usual)",
        )
    elif found:
        yield bad("speaks", f'it greets with "{found}": no DICOM', advice="correct the port")
    else:
        yield unknown(
            "speaks",
            "it takes the connection, and answers neither DICOM, TLS nor HTTP",
            means="a service that hangs, a firewall that answers for it, or no DICOM",
            advice="look for hung connections at the peer, and restart its DICOM service",
        )


def what_speaks(exam: Examination) -> str:
    """`TLS`, `HTTP`, the begin of a greeting, or an empty text for silence and anything else."""
    for ask in (_greeting, _tls, _http):
        if exam.stop():
            return ""
        with contextlib.suppress(OSError):
            found = ask(exam)
            if found:
                return found
    return ""


def _greeting(exam: Examination) -> str:
    with _there(exam) as sock:
        sock.settimeout(_LOOK)
        data = sock.recv(64)
    text = data.decode("latin-1").splitlines()[0] if data else ""
    return text if text.isprintable() else ""


def _tls(exam: Examination) -> str:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # only to see whether it is TLS at all; nothing is sent
    with _there(exam) as sock:
        try:
            with context.wrap_socket(sock):
                return "TLS"
        except ssl.SSLError as exc:
            return "TLS" if "ALERT" in (exc.reason or "") else ""


def _http(exam: Examination) -> str:
    with _there(exam) as sock:
        sock.sendall(b"HEAD / HTTP/1.0\r\n\r\n")
        return "HTTP" if sock.recv(16).startswith(b"HTTP/") else ""


def _there(exam: Examination) -> socket.socket:
    sock = open_tcp(exam, exam.addresses[0], exam.peer.port, _HEAR)
    sock.settimeout(_HEAR)
    return sock


def _is_open(exam: Examination, host: str, port: int) -> bool:
    if port == exam.peer.port or exam.stop():
        return False
    with contextlib.suppress(OSError), open_tcp(exam, host, port, _LOOK):
        return True
    return False


def open_tcp(exam: Examination, host: str, port: int, patience: float) -> socket.socket:
    """Connect within `patience` seconds; raises OSError, EndedHereError where it is cancelled."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    deadline = time.monotonic() + patience
    try:
        sock = connect.connect_to(family, (host, port), deadline, exam.stop)
    except OverflowError as exc:
        raise OSError(errno.EINVAL, str(exc)) from exc
    sock.setblocking(True)
    return sock


def _own_address(addresses: list[str], port: int) -> str:
    """Our address on the way to the peer, as routing has it; nothing is sent for that."""
    for address in addresses:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        with contextlib.suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as sock:
            sock.connect((address, port))
            return str(sock.getsockname()[0])
    return ""


def _host_of(address: object) -> object:
    return address[0] if isinstance(address, tuple) else address


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _outcome(meaning: Meaning) -> Outcome:
    return Outcome(state=meaning.state, meaning=meaning.text, advice=meaning.advice)
