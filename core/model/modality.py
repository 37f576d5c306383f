"""Peers as this station knows them, and live associations with them."""

from __future__ import annotations

from enum import Enum

from msgspec import Struct


class Operation(str, Enum):
    """What a modality may ask of this station."""

    ECHO = "echo"
    FIND = "find"
    MOVE = "move"
    GET = "get"
    STORE = "store"
    COMMIT = "commit"
    """Ask for storage commitment; whoever may store may do so too."""


ALL_OPERATIONS = tuple(Operation)


class Retrieve(str, Enum):
    """By which service this station has a modality's objects come to itself."""

    MOVE = "move"
    GET = "get"


class Modality(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A DICOM application entity this station knows: how to reach it, and what it may do here."""

    name: str = ""
    ae_title: str
    host: str
    port: int
    allow: tuple[Operation, ...] = ALL_OPERATIONS
    max_jobs: int = 2
    """Transfers with it that run at once."""
    retrieve: Retrieve = Retrieve.MOVE
    """How its objects come to us: by C-MOVE, for which it has to know our address, or by C-GET."""
    tls: bool = False
    """Call it by TLS."""
    tls_host_name: str = ""
    """The name its certificate must be issued for; empty: that we trust its CA is enough."""
    echo_interval: float | None = None
    """Seconds between two echoes by the clock; 0 for none, None as the station has it."""
    comment: str = ""


class ProposedContext(Struct, frozen=True, kw_only=True):
    """A presentation context: what was proposed, and what came of it (PS3.8 9.3.3.2)."""

    id: int
    sop_class: str
    """The abstract syntax by its name."""
    offered: tuple[str, ...]
    """The transfer syntaxes proposed, by their names."""
    accepted: str = ""
    """The transfer syntax accepted, by its name; empty where the context was refused."""
    why: str = ""
    """Why it was refused."""


class Association(Struct, frozen=True, kw_only=True):
    """A live association, in or out."""

    id: int
    outgoing: bool
    peer: str
    """Calling AE title for an incoming one, called AE title for an outgoing one."""
    address: str
    since: float
    calling: str = ""
    """AE title of the side that called."""
    called: str = ""
    """AE title that was called."""
    tls: str = ""
    """Version, cipher suite and the name in the peer's certificate; empty without TLS."""
