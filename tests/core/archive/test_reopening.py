"""What is filled all at once on opening is what changes, one by one, made of it."""

from __future__ import annotations

import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core.archive.entities import Series, Study, patient_key, patient_keys
from core.archive.header import Header
from core.archive.index import Index
from core.archive.listing import Listing
from core.archive.records import Own
from core.archive.tables import JournalStorage

_IDS = ("P1", "P2", "P1\\P3", "")
_NAMES = ("Müller^Eva", "MULLER^EVA", "Doe^Jane^", "")


def header(uid: int, study: int, series: int, **common: str) -> Header:
    """What an index takes of an object; some of what a study has is alike in others."""
    return Header(
        study={
            "StudyInstanceUID": f"1.{study}",
            "PatientID": _IDS[study % len(_IDS)],
            "PatientName": _NAMES[study % len(_NAMES)],
            "AccessionNumber": f"A{study // 2}",
            "StudyDate": ("20240101", "20240202")[study % 2],
        },
        series={"SeriesInstanceUID": f"1.{study}.{series}", "Modality": "CT"},
        common={"SOPClassUID": "1.2", **common},
        own={"SOPInstanceUID": f"1.9.{uid}", "InstanceNumber": str(uid)},
    )


def opened(folder: Path) -> Index:
    return Index(JournalStorage(folder))


def closed(index: Index) -> dict[str, Any]:
    """All that the index knows, after it was closed."""
    index.storage.close()
    return known(index)


def known(index: Index) -> dict[str, Any]:
    """All that is looked up in the dictionaries, without the order in which studies came."""
    lists = {
        name: value for name, value in vars(index).items() if isinstance(value, (Listing, Mapping))
    }
    del lists["_arrivals"], lists["common"], lists["instances"]
    return {
        "size": index.size,
        "instances": list(index.instances.items()),
        "common": dict(index.common),
        **{name: _plain(value) for name, value in lists.items()},
    }


def _plain(value: Any) -> Any:
    if isinstance(value, Study):
        return value.id, value.attributes, value.patient, _plain(value.series)
    if isinstance(value, Series):
        members = sorted(value.members)
        return value.id, value.attributes, value.study.id, members, value.commons, value.size
    if isinstance(value, Listing):
        return {key: sorted(entry.id for entry in value.get(key)) for key in value}
    if isinstance(value, Mapping):
        return {key: _plain(entry) for key, entry in value.items()}
    return value


def test_a_reopened_index_knows_what_it_knew(tmp_path: Path) -> None:
    chance = random.Random(4)
    index = opened(tmp_path)
    for _ in range(600):
        uid = chance.randrange(90)
        if chance.random() < 0.25:
            index.remove([f"1.9.{uid}"])
            continue
        # The same object may come again with another study, series or size.
        place = chance.randrange(12), chance.randrange(3)
        index.add(header(uid, *place, Rows=str(chance.randrange(3))), chance.randrange(1, 999))
    before = closed(index)
    again = opened(tmp_path)
    assert known(again) == before
    assert len(before["_by_patient_id"]["P3"]) > 1, "of several values each is to be found"
    again.storage.compact()
    assert closed(again) == before
    last = opened(tmp_path)
    assert closed(last) == before, "tables stand in another order after a compaction"


def test_a_reopened_index_goes_on(tmp_path: Path) -> None:
    index = opened(tmp_path)
    for uid in range(6):
        index.add(header(uid, uid % 2, 0), 10)
    index.storage.close()
    index = opened(tmp_path)
    index.remove(["1.9.1", "1.9.3", "1.9.5"])
    index.add(header(7, 1, 1), 5)
    index.add(header(0, 0, 1), 7)
    assert index.counts() == (2, 2, 3, 4)
    assert index.size == 10 + 10 + 5 + 7
    assert [study.uid for study in index.studies_of_patient_id("P2")] == ["1.1"]
    before = closed(index)
    assert closed(opened(tmp_path)) == before


def test_studies_stand_in_the_order_in_which_objects_came(tmp_path: Path) -> None:
    index = opened(tmp_path)
    for uid, study in enumerate((1, 2, 3, 1, 2, 1)):
        index.add(header(uid, study, 0), 1)
    index.storage.close()
    assert [study.uid for study in opened(tmp_path).by_arrival()] == ["1.3", "1.2", "1.1"]


def test_what_lost_its_parent_or_its_children_is_dropped(tmp_path: Path) -> None:
    index = opened(tmp_path)
    for uid in range(4):
        index.add(header(uid, 1, uid // 2), 1)
    expected = closed(index)
    storage = JournalStorage(tmp_path)
    position = storage.apply(
        [
            ("instances", "of no series", Own(997, int(next(iter(index.common))), 1, "")),
            ("instances", "without common", Own(next(iter(index._series)), 996, 1, "")),
            ("series", "995", {"study": 994, "SeriesInstanceUID": "of no study"}),
            ("instances", "of a series of no study", Own(995, 3, 1, "")),
            ("series", "993", {"study": 1, "SeriesInstanceUID": "without members"}),
            ("studies", "992", {"StudyInstanceUID": "without series", "PatientID": "P9"}),
            ("common", "991", {"SOPClassUID": "unused"}),
        ]
    )
    storage.sync(position)
    storage.close()
    again = opened(tmp_path)
    assert known(again) == expected
    assert again.studies_of_patient_id("P9") == []
    assert again.storage.tables["studies"].keys() == {str(n) for n in again._studies}
    assert again.storage.tables["common"].keys() == {str(n) for n in again._common_uses}


def test_many_patients_are_told_as_one_is() -> None:
    documents = [header(0, study, 0).study for study in range(4)]
    documents += [{}, {"PatientID": "P1", "PatientBirthDate": "19700101", "IssuerOfPatientID": "H"}]
    assert patient_keys(documents) == [patient_key(document) for document in documents]
