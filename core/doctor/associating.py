"""The middle rungs: TLS, the association, C-ECHO on it, and which services it could have had."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator

from msgspec.structs import replace
from pydicom.uid import (
    JPEG2000,
    CTImageStorage,
    DeflatedExplicitVRLittleEndian,
    EncapsulatedPDFStorage,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLosslessSV1,
    JPEGLSLossless,
    MRImageStorage,
    RLELossless,
    SecondaryCaptureImageStorage,
)
from pynetdicom.sop_class import (  # type: ignore[attr-defined]  # made at run time
    BasicTextSRStorage,
    ComputedRadiographyImageStorage,
    DigitalXRayImageStorageForPresentation,
    EnhancedCTImageStorage,
    EnhancedMRImageStorage,
    UltrasoundImageStorage,
    XRayAngiographicImageStorage,
)

from core.doctor.examination import Examination, bad, failed, good, odd
from core.doctor.reach import speaks
from core.errors import SettingsError
from core.model import Finding, Root
from core.network import command, contexts, outcomes, status
from core.network.command import Verb
from core.network.contexts import COMMITMENT, NATIVE, VERIFICATION, WORKLIST, Offer
from core.network.faults import (
    AbortedError,
    LinkError,
    LostError,
    NoContextError,
    ProtocolError,
    RejectedError,
    TlsError,
    TlsFault,
    UnansweredError,
)
from core.network.line import Line

_MESSAGE_ID = 1
_CALLING_UNKNOWN, _CALLED_UNKNOWN = 3, 7  # reasons of source 1, PS3.8 9.3.4

_TELL_NOTHING = (TlsFault.CLOSED, TlsFault.SILENT, TlsFault.BROKEN, TlsFault.DROPPED)
"""Faults of TLS that a plain peer may cause as well."""

SERVICES = {
    contexts.FIND[Root.STUDY]: ("C-FIND", "study"),
    contexts.FIND[Root.PATIENT]: ("C-FIND", "patient"),
    contexts.MOVE[Root.STUDY]: ("C-MOVE", "study"),
    contexts.MOVE[Root.PATIENT]: ("C-MOVE", "patient"),
    contexts.GET[Root.STUDY]: ("C-GET", "study"),
    contexts.GET[Root.PATIENT]: ("C-GET", "patient"),
    WORKLIST: ("worklist", ""),
    COMMITMENT: ("storage commitment", ""),
}
"""Services tried: SOP class → what it is for, and the root of its information model."""
STORAGE = tuple(
    str(uid)
    for uid in (
        CTImageStorage,
        MRImageStorage,
        ComputedRadiographyImageStorage,
        DigitalXRayImageStorageForPresentation,
        UltrasoundImageStorage,
        XRayAngiographicImageStorage,
        SecondaryCaptureImageStorage,
        EnhancedCTImageStorage,
        EnhancedMRImageStorage,
        BasicTextSRStorage,
        EncapsulatedPDFStorage,
    )
)
"""Storage classes tried, uncompressed: those that are met in every hospital."""
COMPRESSED = {
    str(JPEGBaseline8Bit): "JPEG",
    str(JPEGLosslessSV1): "JPEG lossless",
    str(JPEGLSLossless): "JPEG-LS",
    str(JPEG2000Lossless): "JPEG 2000 lossless",
    str(JPEG2000): "JPEG 2000",
    str(RLELossless): "RLE",
    str(DeflatedExplicitVRLittleEndian): "deflate",
}
"""Transfer syntaxes tried for a CT image, each in a context of its own."""


def association(exam: Examination) -> Iterator[Finding]:
    """Associate for Verification, and echo: the findings of TLS, of the association, of C-ECHO."""
    start = time.monotonic()
    accepted = False
    try:
        with exam.dial([Offer(VERIFICATION, NATIVE)]) as line:
            accepted = True
            yield from _accepted(line, time.monotonic() - start)
            yield _echo(line)
    except NoContextError as exc:
        yield good("association", f'accepted as "{exam.peer.ae_title}"')
        yield failed("echo", outcomes.from_fault(exc, 0.0), "it takes no Verification from us")
    except SettingsError as exc:
        yield bad("tls", exc.message, advice=exc.hint or "correct [station.tls]")
    except TlsError as exc:
        yield _no_tls(exam, exc, time.monotonic() - start)
    except LinkError as exc:
        yield from _not_associated(exam, exc, time.monotonic() - start, accepted=accepted)


def _accepted(line: Line, seconds: float) -> Iterator[Finding]:
    about = line.association.about
    if about.tls:
        yield good("tls", about.tls)
    yield good(
        "association",
        f'accepted: we are "{about.calling.strip()}", it is "{about.called.strip()}"',
        seconds=seconds,
    )


def _echo(line: Line) -> Finding:
    context = line.context_for(VERIFICATION)
    fields = command.request(Verb.C_ECHO_RQ, _MESSAGE_ID, VERIFICATION, data_set=False)
    line.ask(context, command.encode(fields), None)
    answer = line.await_answer(Verb.C_ECHO_RSP, context, _MESSAGE_ID)
    outcome = line.outcome("C-ECHO", answer)
    if not outcome.ok:
        return failed("echo", outcome)
    return good("echo", "answered with success", outcome=outcome, seconds=outcome.seconds)


def _no_tls(exam: Examination, exc: TlsError, seconds: float) -> Finding:
    outcome = outcomes.from_fault(exc, seconds)
    if exc.fault is TlsFault.SPEAKS_TLS:
        return failed("association", outcome)
    if exc.fault in _TELL_NOTHING and _answers_plain(exam):
        seen = "the port speaks plain DICOM, and we called by TLS"
        advice = "set tls = false for it, or give its TLS port (often 2762)"
        return bad("tls", seen, advice=advice, outcome=outcome, seconds=seconds)
    return failed("tls", outcome)


def _answers_plain(exam: Examination) -> bool:
    """Whether an association request without TLS gets an answer, be it a rejection."""
    if exam.stop():
        return False
    try:
        with exam.dial([Offer(VERIFICATION, NATIVE)], replace(exam.peer, tls=False)):
            return True
    except (RejectedError, NoContextError):
        return True
    except LinkError:
        return False


def _not_associated(
    exam: Examination, exc: LinkError, seconds: float, *, accepted: bool
) -> Iterator[Finding]:
    outcome = outcomes.from_fault(exc, seconds)
    if accepted:
        yield failed("echo", outcome, "it accepted the association, and then did not answer")
        return
    if isinstance(exc, RejectedError):
        yield _rejected(exam, exc, seconds)
        return
    yield failed("association", outcome)
    odd_ends = (AbortedError, LostError, ProtocolError, UnansweredError)
    if isinstance(exc, odd_ends) and not exam.peer.tls and not exam.stop():
        yield from speaks(exam)


def _rejected(exam: Examination, exc: RejectedError, seconds: float) -> Finding:
    outcome = outcomes.from_fault(exc, seconds)
    if exc.source != 1 or exc.reason not in (_CALLING_UNKNOWN, _CALLED_UNKNOWN):
        return failed("association", outcome)
    other = _accepted_title(exam) if exc.reason == _CALLED_UNKNOWN else ""
    if other:
        return bad(
            "association",
            outcome.meaning,
            means=f'it is called "{other}": it accepts that at once, and titles count with case',
            advice=f'correct the AE title of this modality to "{other}"',
            outcome=outcome,
            seconds=seconds,
        )
    means = "it is a DICOM peer and answers; the two sides differ about AE titles"
    return failed("association", outcome, means, f"register us there: {exam.ours}")


def _accepted_title(exam: Examination) -> str:
    """The called AE title in other letters, where the peer accepts that; else empty."""
    title = exam.peer.ae_title
    for other in dict.fromkeys((title.upper(), title.lower())):
        if other == title or exam.stop():
            continue
        try:
            with exam.dial([Offer(VERIFICATION, NATIVE)], replace(exam.peer, ae_title=other)):
                return other
        except LinkError:
            continue
    return ""


# -- services


def services(exam: Examination) -> Iterator[Finding]:
    """Propose every service and the usual kinds of objects, and see what the peer takes."""
    offers = [Offer(uid, NATIVE) for uid in (*SERVICES, *STORAGE)]
    offers += [Offer(str(CTImageStorage), (syntax,)) for syntax in COMPRESSED]
    start = time.monotonic()
    try:
        with exam.dial(offers) as line:
            taken = [
                (c.abstract_syntax, c.transfer_syntax) for c in line.association.contexts.values()
            ]
            refused = dict(line.association.refused)
    except NoContextError as exc:
        outcome = outcomes.from_fault(exc, time.monotonic() - start)
        yield odd(
            "services",
            "it accepts the association, and none of the services in it",
            means=f"it answers an echo and nothing else to us: {outcome.meaning}",
            advice=f"{outcome.advice}; a scanner that only sends is well as it is",
        )
        return
    except LinkError as exc:
        yield failed("services", outcomes.from_fault(exc, time.monotonic() - start))
        return
    exam.services = {uid for uid, _ in taken}
    yield _services_finding(exam.services, {syntax for _, syntax in taken}, refused)


def _services_finding(accepted: set[str], syntaxes: set[str], refused: dict[str, int]) -> Finding:
    kept = [uid for uid in STORAGE if uid in accepted]
    served = _by_verb(uid for uid in SERVICES if uid in accepted)
    details = [
        f"{_words(uid)}: {status.for_context(refused.get(uid, 2)).text}"
        for uid in SERVICES
        if uid not in accepted
    ]
    details += [f"{contexts.uid_name(uid)}: not taken" for uid in STORAGE if uid not in accepted]
    if kept:
        packed = [words for uid, words in COMPRESSED.items() if uid in syntaxes]
        details.append(f"a CT may come as {', '.join(('uncompressed', *packed))}")
        served.append(f"objects ({len(kept)} of {len(STORAGE)} usual kinds)")
    return good("services", f"takes {', '.join(served)}", details=tuple(details))


def _words(uid: str) -> str:
    verb, root = SERVICES[uid]
    return f"{verb}, {root} root" if root else verb


def _by_verb(uids: Iterable[str]) -> list[str]:
    """Services in words, the roots of one in brackets behind it."""
    roots: dict[str, list[str]] = {}
    for uid in uids:
        verb, root = SERVICES[uid]
        roots.setdefault(verb, []).extend([root] if root else [])
    return [f"{verb} ({', '.join(of)})" if of else verb for verb, of in roots.items()]
