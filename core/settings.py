"""What can be configured: typed, with the meaning of each field, and nothing else accepted.

:mod:`core.settings_file` reads and writes them; importing this module touches no disk.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Annotated

from msgspec import Meta, Struct, field

from core.model import Modality

Port = Annotated[int, Meta(ge=1, le=65535)]
Seconds = Annotated[float, Meta(gt=0, le=86400)]
Count = Annotated[int, Meta(ge=1, le=10000)]
Interval = Annotated[float, Meta(ge=0, le=86400)]


class Section(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of config.toml; unknown keys are refused."""


class UnknownCallers(str, Enum):
    """What the listener does with an AE title that is not among the modalities."""

    REFUSE = "refuse"
    ECHO_ONLY = "echo-only"
    ACCEPT = "accept"


class Duplicates(str, Enum):
    """What the archive does with a second object of one SOP Instance UID."""

    KEEP_FIRST = "keep-first"
    REPLACE = "replace"
    REFUSE = "refuse"


class WhenFull(str, Enum):
    """What the archive does where an object would go beyond its quota."""

    REFUSE = "refuse"
    RECYCLE_OLDEST = "recycle-oldest"


class Protocol(str, Enum):
    """How pictures reach the terminal."""

    AUTO = "auto"
    KITTY = "kitty"
    ITERM2 = "iterm2"
    SIXEL = "sixel"
    BLOCK = "block"


class ColorDepth(str, Enum):
    """Colours that block pictures are drawn with."""

    AUTO = "auto"
    TRUECOLOR = "truecolor"
    INDEXED = "256"


class TlsListen(str, Enum):
    """Whether callers may, or must, come by TLS."""

    OFF = "off"
    ON = "on"
    ONLY = "only"


class TlsVersion(str, Enum):
    """The oldest version of TLS that is spoken; RFC 9325 forbids those before 1.2."""

    V1_2 = "1.2"
    V1_3 = "1.3"


class TlsSettings(Section, frozen=True, kw_only=True):
    """`[station.tls]`: our certificate, whom we trust, and the TLS listener (PS3.15 B.12)."""

    certificate: str = ""
    """PEM file with our certificate and those between it and its CA."""
    key: str = ""
    """PEM file with its private key, without a password; empty: it is in the certificate's file."""
    ca: str = ""
    """PEM file with the certificates we trust: of CAs, or of single peers."""
    listen: TlsListen = TlsListen.OFF
    """Listen for TLS beside the plain port, or instead of it."""
    port: Port = 2762
    """The TLS listener's TCP port; 2762 is registered as dicom-tls (PS3.15 B.12)."""
    require_client_certificate: bool = True
    """Refuse callers without a certificate that we trust."""
    minimum_version: TlsVersion = TlsVersion.V1_2
    """The oldest version of TLS that is spoken."""


class Accept(Section, frozen=True, kw_only=True):
    """`[station.accept]`: what the listener takes, and from whom."""

    transfer_syntaxes: tuple[str, ...] = ("*",)
    """Transfer syntax UIDs taken by C-STORE, with the wildcards * and ?."""
    sop_classes: tuple[str, ...] = ("*",)
    """Storage SOP class UIDs taken by C-STORE, with the wildcards * and ?."""
    unknown_callers: UnknownCallers = UnknownCallers.ECHO_ONLY
    """What to do with callers that are not among the modalities."""
    check_called_ae_title: bool = True
    """Refuse associations that call us by another AE title than ours."""


class StationSettings(Section, frozen=True, kw_only=True):
    """`[station]`: who we are on the network, and how patient."""

    ae_title: str = "MODALITTY"
    """Our own AE title."""
    host: str = "0.0.0.0"  # noqa: S104  a listener for modalities is reached from outside
    """The address the listener binds to."""
    port: Port = 11112
    """The listener's TCP port."""
    max_pdu: Annotated[int, Meta(ge=4096, le=1048576)] = 65536
    """The largest PDU we accept, in bytes, without its header (PS3.8 D.1)."""
    max_associations: Count = 64
    """Associations served at once."""
    max_associations_per_address: Count = 24
    """Associations served at once for one network address."""
    max_object_mib: Annotated[int, Meta(ge=1)] = 4096
    """The largest object taken, in MiB."""
    connect_timeout: Seconds = 10.0
    """Seconds to wait for TCP."""
    acse_timeout: Seconds = 30.0
    """Seconds to wait for an association request or its answer (ARTIM, PS3.8 9.1.5)."""
    dimse_timeout: Seconds = 60.0
    """Seconds to wait for the answer to a DIMSE message."""
    network_timeout: Seconds = 120.0
    """Seconds after which a silent peer on an open association is dropped."""
    echo_interval: Interval = 60.0
    """Seconds between two C-ECHOs of the console to each modality; 0 is none."""
    commit_timeout: Seconds = 30.0
    """Seconds to wait for a report on storage commitment on the association that asked for it."""
    commit_report_timeout: Seconds = 600.0
    """Seconds to wait for that report in all: it may come on an association to our listener."""
    max_jobs: Annotated[int, Meta(ge=1, le=64)] = 4
    """Transfers that run at once."""
    max_matches: Annotated[int, Meta(ge=0)] = 0
    """The most matches that we answer one C-FIND with; 0 is no limit."""
    accept: Accept = Accept()
    """What the listener takes, and from whom."""
    tls: TlsSettings = TlsSettings()
    """Our certificate, whom we trust, and the TLS listener."""


class ArchiveSettings(Section, frozen=True, kw_only=True):
    """`[archive]`: where objects live, and what happens to duplicates."""

    folder: str = ""
    """Folder of objects and index; empty is the data folder."""
    duplicates: Duplicates = Duplicates.KEEP_FIRST
    """What happens to a second object of one SOP Instance UID."""
    quota_mib: Annotated[int, Meta(ge=0)] = 0
    """The most that all objects together may take, in MiB; 0 is no limit."""
    when_full: WhenFull = WhenFull.REFUSE
    """What happens to an object that goes beyond the quota."""
    stable_after: Seconds = 60.0
    """Seconds without a new object after which a study counts as complete."""
    burst_mib: Annotated[int, Meta(ge=0, le=4096)] = 256
    """Disk that a listening station keeps ready for objects that come all at once, in MiB."""


class PreviewSettings(Section, frozen=True, kw_only=True):
    """`[preview]`: how pictures are drawn."""

    protocol: Protocol = Protocol.AUTO
    """The picture protocol; auto asks the terminal."""
    color: ColorDepth = ColorDepth.AUTO
    """Colours of block pictures."""


class DateStyle(str, Enum):
    """How dates are shown: 2024-01-31, 31.01.2024, 01/31/2024."""

    ISO = "iso"
    DAY_FIRST = "dmy"
    MONTH_FIRST = "mdy"


class Clock(str, Enum):
    """How times of day are shown: 13:45, 1:45 PM."""

    H24 = "24h"
    H12 = "12h"


class SizeUnits(str, Enum):
    """How sizes are shown: kB and MB are powers of 1000, KiB and MiB of 1024."""

    DECIMAL = "decimal"
    BINARY = "binary"


class UiSettings(Section, frozen=True, kw_only=True):
    """`[ui]`: the console."""

    theme: str = "textual-dark"
    """A theme of Textual's, "high-contrast" or "high-contrast-light"."""
    read_only: bool = False
    """Take away every command that changes anything."""
    mask_phi: bool = False
    """Start with patients hidden: names, identifiers, birth dates, free text, pictures."""
    restore: bool = True
    """Start where the last session ended: place, filters, columns, order, theme."""
    dates: DateStyle = DateStyle.ISO
    """How dates are shown."""
    clock: Clock = Clock.H24
    """How times of day are shown."""
    sizes: SizeUnits = SizeUnits.DECIMAL
    """How sizes are shown."""
    keys: Mapping[str, str | Mapping[str, str]] = field(default_factory=dict)
    """Other keys for commands: id, as "network.echo", to keys with commas between them."""

    @property
    def key_map(self) -> dict[str, str]:
        """The keys by command id, whether the id was written in quotes or as a dotted key."""
        out: dict[str, str] = {}
        for name, value in self.keys.items():
            if isinstance(value, str):
                out[name] = value
            else:
                out.update({f"{name}.{rest}": keys for rest, keys in value.items()})
        return out


class Settings(Section, frozen=True, kw_only=True):
    """The whole configuration."""

    station: StationSettings = StationSettings()
    archive: ArchiveSettings = ArchiveSettings()
    preview: PreviewSettings = PreviewSettings()
    ui: UiSettings = UiSettings()
    modalities: Mapping[str, Modality] = field(default_factory=dict)
    """The known peers by name."""


MAX_AE_TITLE = 16
DAY = 86400
NAME_PATTERN = re.compile(r"[A-Za-z0-9_-]{1,64}")


def ae_title_fault(value: str) -> str:
    """Say what is wrong with an AE title, or answer with an empty string (PS3.5 6.2, VR AE)."""
    stripped = value.strip(" ")
    if not stripped:
        return "an AE title has at least one character that is no space"
    if len(stripped.encode()) > MAX_AE_TITLE:
        return f"{len(stripped.encode())} bytes long, and an AE title has at most {MAX_AE_TITLE}"
    if "\\" in value or not value.isascii() or not value.isprintable():
        return "an AE title has printable ASCII characters only, and no backslash"
    return ""


def _is_host(text: str) -> bool:
    return 0 < len(text) <= 253 and not any(c.isspace() or not c.isprintable() for c in text)


def modality_faults(modality: Modality) -> dict[str, str]:
    """Say what is wrong with a modality: field name → fault, empty where all is well."""
    faults = {}
    if not NAME_PATTERN.fullmatch(modality.name):
        faults["name"] = "a name has 1 to 64 letters, digits, - or _"
    if fault := ae_title_fault(modality.ae_title):
        faults["ae_title"] = fault
    if not _is_host(modality.host):
        faults["host"] = "a host is a name or an address, without spaces"
    if not 1 <= modality.max_jobs <= 64:
        faults["max_jobs"] = f"{modality.max_jobs} is no number of transfers: 1 to 64"
    if modality.tls_host_name and not modality.tls:
        faults["tls_host_name"] = "it is checked with TLS only, and tls is false"
    elif modality.tls_host_name and not _is_host(modality.tls_host_name):
        faults["tls_host_name"] = "a name or an address as the certificate has it, without spaces"
    if (seconds := modality.echo_interval) is not None and not (
        seconds == 0 or 1 <= seconds <= DAY
    ):
        faults["echo_interval"] = f"{seconds:g} is no interval: 0 for none, or 1 to {DAY} seconds"
    if not 1 <= modality.port <= 65535:
        faults["port"] = f"{modality.port} is no TCP port: 1 to 65535"
    return faults


def place_faults(settings: Settings) -> dict[str, str]:
    """Say which address or path cannot be one: dotted key → fault; looks at no file."""
    faults = {}
    if not _is_host(settings.station.host):
        faults["station.host"] = 'an address without spaces; "0.0.0.0" is every one'
    tls = settings.station.tls
    paths = {"archive.folder": settings.archive.folder}
    paths |= {f"station.tls.{key}": getattr(tls, key) for key in ("certificate", "key", "ca")}
    for key, path in paths.items():
        if "\0" in path:
            faults[key] = "a path has no NUL in it"
    return faults


def tls_faults(settings: Settings) -> dict[str, str]:
    """Say what does not fit in `[station.tls]`: field name → fault; looks at no file."""
    tls = settings.station.tls
    faults = {}
    listens = tls.listen is not TlsListen.OFF
    callers = [m.name for m in settings.modalities.values() if m.tls]
    if tls.key and not tls.certificate:
        faults["certificate"] = "missing, and there is a key"
    if listens and not tls.certificate:
        faults["certificate"] = f'missing, and listen is "{tls.listen.value}"'
    if listens and tls.require_client_certificate and not tls.ca:
        faults["ca"] = "missing, and callers are to show a certificate"
    if callers and not tls.ca:
        faults["ca"] = f"missing, and {callers[0]} is called by TLS"
    if tls.listen is TlsListen.ON and tls.port == settings.station.port:
        faults["port"] = f"{tls.port} is the plain listener's port"
    for field_name in ("certificate", "key", "ca"):
        path = getattr(tls, field_name)
        if path and not path.startswith(("/", "~")):
            faults[field_name] = f"{path} is no absolute path"
    return faults


def modality_warnings(
    modality: Modality, others: Iterable[Modality], own_ae_title: str
) -> tuple[str, ...]:
    """Say what is odd about a modality beside the others, though it can be used."""
    warnings = []
    for other in others:
        if other.name == modality.name:
            continue
        if other.ae_title == modality.ae_title:
            warnings.append(f"{other.name} has the AE title {other.ae_title} too")
        elif other.ae_title.casefold() == modality.ae_title.casefold():
            warnings.append(f"{other.name} has the AE title {other.ae_title}: only case differs")
        if (other.host, other.port) == (modality.host, modality.port):
            warnings.append(f"{other.name} is at {other.host}:{other.port} too")
    if modality.ae_title == own_ae_title:
        warnings.append("this is our own AE title")
    return tuple(warnings)
