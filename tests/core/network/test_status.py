"""What statuses mean, held against pynetdicom's tables of PS3.7 annex C and PS3.4."""

from __future__ import annotations

import pytest
from pynetdicom.status import (
    GENERAL_STATUS,
    QR_FIND_SERVICE_CLASS_STATUS,
    QR_GET_SERVICE_CLASS_STATUS,
    QR_MOVE_SERVICE_CLASS_STATUS,
    STORAGE_SERVICE_CLASS_STATUS,
)

from core.model import OutcomeState
from core.network import status

TABLES = {
    "N-ACTION": GENERAL_STATUS,
    "C-STORE": STORAGE_SERVICE_CLASS_STATUS,
    "C-FIND": QR_FIND_SERVICE_CLASS_STATUS,
    "C-MOVE": QR_MOVE_SERVICE_CLASS_STATUS,
    "C-GET": QR_GET_SERVICE_CLASS_STATUS,
}
STATES = {
    "Success": OutcomeState.OK,
    "Warning": OutcomeState.WARNING,
    "Failure": OutcomeState.FAILED,
    "Cancel": OutcomeState.CANCELLED,
}


@pytest.mark.parametrize("service", TABLES)
def test_every_status_of_the_standard_is_of_its_class(service: str) -> None:
    ours = {code: status.for_status(service, code).state for code in TABLES[service]}
    theirs = {code: STATES.get(row[0]) for code, row in TABLES[service].items()}
    assert {code: state for code, state in ours.items() if theirs[code] not in (state, None)} == {}


@pytest.mark.parametrize("service", ["C-ECHO", "C-STORE", "N-ACTION", "N-EVENT-REPORT"])
@pytest.mark.parametrize("code", [status.PENDING, status.PENDING_WARNING, 0xFF02, 0x1234, 0xFFFF])
def test_nothing_but_success_is_a_success(service: str, code: int) -> None:
    """Pending above all: nothing more comes, and nothing is known to be done."""
    assert status.for_status(service, code).state is OutcomeState.FAILED


OURS = {
    "C-FIND": (0xA700, 0xA900, 0xC000, 0xFE00),
    "C-MOVE": (0xA702, 0xA801, 0xA900, 0xB000, 0xC000, 0xFE00),
    "C-GET": (0xA702, 0xA900, 0xB000, 0xC000, 0xFE00),
    "C-STORE": (0xA700, 0xA900, 0xC000, 0x0110, 0x0111, 0x0117, 0x0122),
    "N-ACTION": (0x0110, 0x0112, 0x0115, 0x0118, 0x0123, 0x0213),
    "N-EVENT-REPORT": (0x0115, 0x0118),
    "N-GET": (0x0122, 0x0124, 0x0211),
}
"""Statuses that we answer with."""


@pytest.mark.parametrize(
    ("service", "code"), [(service, code) for service in OURS for code in OURS[service]]
)
def test_what_we_answered_is_not_said_of_the_peer(service: str, code: int) -> None:
    meaning = status.for_answer(service, code)
    assert "peer" not in meaning.text + meaning.advice
    assert "0x" not in meaning.text
