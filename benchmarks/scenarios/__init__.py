"""Every scenario by its name, in the order in which they are run and shown."""

from __future__ import annotations

from benchmarks.scenario import Scenario
from benchmarks.scenarios.calling import OUR_FIND, OUR_MOVE
from benchmarks.scenarios.console import (
    CONSOLE_START,
    KEYS_CT,
    KEYS_CT_LARGE,
    KEYS_IDLE,
    KEYS_TINY,
)
from benchmarks.scenarios.find import FIND_5000
from benchmarks.scenarios.idle import IDLE_100
from benchmarks.scenarios.index import INDEX_MILLION
from benchmarks.scenarios.memory import MEMORY_2GB
from benchmarks.scenarios.receive import RECEIVE_CT, RECEIVE_CT_8, RECEIVE_TINY, SIZES
from benchmarks.scenarios.retrieve import GET_OUT, MOVE_OUT

SCENARIOS: dict[str, Scenario] = {
    scenario.name: scenario
    for scenario in (
        RECEIVE_CT,
        RECEIVE_CT_8,
        RECEIVE_TINY,
        *SIZES,
        FIND_5000,
        MOVE_OUT,
        GET_OUT,
        OUR_FIND,
        OUR_MOVE,
        IDLE_100,
        MEMORY_2GB,
        INDEX_MILLION,
        CONSOLE_START,
        KEYS_IDLE,
        KEYS_CT,
        KEYS_CT_LARGE,
        KEYS_TINY,
    )
}
