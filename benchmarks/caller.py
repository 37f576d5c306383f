"""Our calls as the console makes them: a station in a running process, timed from within.

    python -m benchmarks.caller CONFIG DATA find AE_TITLE PORT [KEY=VALUE …]
    python -m benchmarks.caller CONFIG DATA move AE_TITLE PORT STUDY_INSTANCE_UID

The peer is verified by C-ECHO first; then one call is timed. Prints `{"seconds": …, "count": …}`.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from core.model import JobState, Level, Match, Modality, Outcome, Query, Ref
from core.settings_file import SettingsStore
from core.station import Station


def find(station: Station, peer: Modality, words: list[str]) -> tuple[float, int]:
    """Seconds until the matches of a query are rows of text by keyword, and how many."""
    keys = dict(word.split("=", 1) for word in words)
    query = Query(level=Level.STUDY, keys=keys)
    rows: list[dict[str, str]] = []
    started = time.perf_counter()
    for item in station.find(peer, query):
        if isinstance(item, Match):
            rows.append({keyword: item.values.get(keyword, "") for keyword in keys})
        elif not item.ok:
            sys.exit(item.meaning)
    return time.perf_counter() - started, len(rows)


def move(station: Station, peer: Modality, words: list[str]) -> tuple[float, int]:
    """Seconds until a study has come by C-MOVE, stored and indexed; its objects held here."""
    ref = Ref(level=Level.STUDY, study_uid=words[0])
    station.listen(patience=2.0)  # one that has been running has its disk ready
    started = time.perf_counter()
    job = station.jobs.wait(station.jobs.move(peer, [ref]).id)
    seconds = time.perf_counter() - started
    if job.state is not JobState.DONE:
        sys.exit(f"the job ended as {job.state.value}: {job.note} {job.outcome}")
    return seconds, len(station.archive.instances(ref))


def main() -> None:
    """Make one call as the words say."""
    config, data, verb, title, port, *words = sys.argv[1:]
    peer = Modality(name="peer", ae_title=title, host="127.0.0.1", port=int(port))
    store = SettingsStore.open(Path(config))
    with Station.open(store, Path(data)) as station:
        verified: Outcome = station.echo(peer)
        if not verified.ok:
            sys.exit(verified.meaning)
        seconds, count = {"find": find, "move": move}[verb](station, peer, words)
    print(json.dumps({"seconds": seconds, "count": count}))


if __name__ == "__main__":
    main()
