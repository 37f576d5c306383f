"""What to do about a caller that our listener refused: the advice for the reverse of a link."""

from __future__ import annotations

from core.network.faults import TlsFault
from core.settings import Settings, UnknownCallers

SPEAKS_TLS_HERE = "speaks TLS to our plain port"
"""How the listener puts it, see :mod:`core.network.acceptor`."""


def known_as(calling: str, settings: Settings) -> str:
    """The name of the modality that has this AE title, empty where none has."""
    title = calling.strip()
    return next((m.name for m in settings.modalities.values() if m.ae_title.strip() == title), "")


def advice(calling: str, host: str, called: str, reason: str, settings: Settings) -> str:
    """Say what to do where `calling` at `host` was refused for `reason`; empty without one.

    What the configuration says now counts: a fault that is mended already is told as such.
    """
    if not reason:
        return ""
    station = settings.station
    if reason.startswith("called "):
        if called.strip() == station.ae_title.strip():
            return "that is our AE title now: let it try again"
        return (
            f'at the device, correct the called AE title to "{station.ae_title}" '
            "(or set check_called_ae_title = false here)"
        )
    if "limit of associations" in reason:
        return "raise station.max_associations, or find out who holds so many open"
    if tls := _about_tls(reason, settings):
        return tls
    if "not among the modalities" in reason or "not allowed" in reason or "0x0124" in reason:
        return _about_rights(calling, host, settings)
    return _about_objects(reason)


def _about_tls(reason: str, settings: Settings) -> str:
    tls = settings.station.tls
    if reason == SPEAKS_TLS_HERE:
        if tls.listen.value == "off":
            return "turn TLS off at the device, or set [station.tls] up here"
        return f"give the device our TLS port, {tls.port}, or turn TLS off there"
    if reason.startswith(TlsFault.SPEAKS_PLAIN.value):
        return f"turn TLS on at the device, or give it our plain port, {settings.station.port}"
    if reason.startswith((TlsFault.NONE_SHOWN.value, TlsFault.UNTRUSTED.value)):
        return "the device needs a certificate that the file station.tls.ca vouches for"
    return ""


def _about_rights(calling: str, host: str, settings: Settings) -> str:
    if name := known_as(calling, settings):
        return f"allow it to {name}: the modality's `allow` lacks it"
    folded = calling.strip().casefold()
    for modality in settings.modalities.values():
        if modality.ae_title.strip().casefold() == folded:
            return (
                f'{modality.name} has the AE title "{modality.ae_title}", and it calls as '
                f'"{calling}": AE titles are compared with case, so correct one of the two'
            )
    if settings.station.accept.unknown_callers is UnknownCallers.ACCEPT:
        return "unknown callers are let in now: let it try again"
    return f'add a modality with the AE title "{calling}" at {host}'


def _about_objects(reason: str) -> str:
    if "no transfer syntax taken" in reason:
        return "station.accept.transfer_syntaxes takes none of those it offers"
    if "SOP class not served" in reason:
        return "station.accept.sop_classes does not have it, or we do not offer this service"
    if "0xA700" in reason:
        return "make room: the disk or the quota (archive.quota_mib) is full"
    if "0xA801" in reason:
        return "add the destination of its C-MOVE to the modalities here"
    if "time limit" in reason:
        return "it connects and says nothing: a port scan, a monitor, or a device that hangs"
    return "look into the device's log"
