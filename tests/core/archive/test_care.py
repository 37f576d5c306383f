"""The archive cares for itself: quota, recycling, protection, statistics, quiet studies."""

from __future__ import annotations

import os
import threading
from typing import Any

import pytest
from msgspec.structs import replace

from core.archive.archive import Archive
from core.archive.entities import Held
from core.archive.landing import Landing
from core.archive.quiet import StudyWatch
from core.errors import NotHeldError, OutOfResourcesError, UsageError
from core.events import ArchiveChanged, Notice, Severity, StudyStable
from core.model import Level, Query, Ref
from core.settings import ArchiveSettings, Duplicates, WhenFull
from tests.core.archive.objects import CT, EXPLICIT, Opener, make, store
from tests.peers.processes import eventually

HALF = 400 << 10
"""Two objects with so many bytes fit into a quota of 1 MiB, three do not."""


def put(archive: Archive, uid: str, study: str, size: int = HALF, **values: str) -> None:
    ds = make(uid, StudyInstanceUID=study, SeriesInstanceUID=f"{study}.1", **values)
    ds.PixelData = b"\0" * size
    ds["PixelData"].VR = "OW"
    store(archive, ds)


def studies(archive: Archive) -> list[str]:
    return [match.values["StudyInstanceUID"] for match in archive.match(Query(level=Level.STUDY))]


@pytest.fixture
def small(opener: Opener) -> Opener:
    opener.settings = ArchiveSettings(quota_mib=1, when_full=WhenFull.RECYCLE_OLDEST)
    return opener


def test_a_full_archive_refuses_and_says_so_once(opener: Opener) -> None:
    opener.settings = ArchiveSettings(quota_mib=1)
    with opener() as archive:
        put(archive, "1.1", "1")
        put(archive, "2.1", "2")
        for uid in ("3.1", "3.2"):
            with pytest.raises(OutOfResourcesError, match="quota of 1 MiB"):
                put(archive, uid, "3")
        assert sorted(studies(archive)) == ["1", "2"]
        assert not list((opener.folder / "incoming").iterdir())
        (notice,) = opener.told(Notice)
        assert notice.severity is Severity.ERROR
        archive.delete([Ref(level=Level.STUDY, study_uid="1")])
        put(archive, "3.1", "3")
        assert sorted(studies(archive)) == ["2", "3"]


def test_where_nothing_more_fits_the_bytes_are_not_even_taken(opener: Opener) -> None:
    with opener() as archive:
        put(archive, "1.1", "1", size=1 << 20)
        opener.settings = ArchiveSettings(quota_mib=1)  # an edit counts at once
        with pytest.raises(OutOfResourcesError):
            archive.receive(
                sop_class_uid=CT,
                sop_instance_uid="2.1",
                transfer_syntax_uid=EXPLICIT,
                source="TESTER",
            )
        put(archive, "1.1", "1")  # it is held: that takes no room


def test_the_study_that_rested_longest_is_recycled_whole(small: Opener) -> None:
    with small() as archive:
        put(archive, "1.1", "1", size=HALF // 2)
        put(archive, "2.1", "2")
        put(archive, "1.2", "1", size=HALF // 2)  # study 1 is the younger one now
        put(archive, "3.1", "3")
        assert sorted(studies(archive)) == ["1", "3"]
        assert small.told(ArchiveChanged)[-1].uid == "2"
        assert "'2' (1 objects" in small.told(Notice)[-1].text
        assert not (small.folder / "objects" / "2").exists()
        put(archive, "4.1", "4")
        assert sorted(studies(archive)) == ["3", "4"]
        assert archive.check(repair=False).clean


def test_the_order_of_arrival_outlives_a_restart_and_a_compaction(small: Opener) -> None:
    with small() as archive:
        put(archive, "1.1", "1", size=HALF // 2)
        put(archive, "2.1", "2")
        put(archive, "1.2", "1", size=HALF // 2)
        archive._storage.compact()
    with small() as archive:
        put(archive, "3.1", "3")
        assert sorted(studies(archive)) == ["1", "3"]


def test_the_order_of_arrival_is_found_again_in_the_files(small: Opener) -> None:
    with small() as archive:
        for number in (1, 2):
            put(archive, f"{number}.1", str(number))
    files = sorted((small.folder / "objects").rglob("*.dcm"))
    for age, path in enumerate(files):
        os.utime(path, (1e9 - age, 1e9 - age))
    (small.folder / "index" / "journal").unlink()
    with small() as archive:
        put(archive, "3.1", "3")
        assert sorted(studies(archive)) == ["1", "3"]


def test_a_study_that_still_comes_in_is_recycled_last_and_said_louder(small: Opener) -> None:
    small.settings = replace(small.settings, stable_after=0.05)
    with small() as archive:
        put(archive, "1.1", "1")
        eventually(lambda: small.told(StudyStable), what="the first study to be quiet")
        small.settings = replace(small.settings, stable_after=1000.0)
        put(archive, "2.1", "2")
        put(archive, "3.1", "3")
        assert sorted(studies(archive)) == ["2", "3"], "of the quiet ones first"
        assert small.told(Notice)[-1].severity is Severity.INFO
        put(archive, "3.2", "3")
        assert studies(archive) == ["3"], "then the one that rests longest, and never its own"
        notice = small.told(Notice)[-1]
        assert notice.severity is Severity.WARNING
        assert "'2' (1 objects" in notice.text
        assert "still being received" in notice.text
        with pytest.raises(OutOfResourcesError):
            put(archive, "3.3", "3")
        assert archive.statistics().instances == 2, "nothing of its own study gave way"


def test_what_cannot_fit_recycles_nothing(small: Opener) -> None:
    with small() as archive:
        put(archive, "1.1", "1")
        with pytest.raises(OutOfResourcesError):
            put(archive, "2.1", "2", size=2 << 20)
        put(archive, "2.1", "2")
        with pytest.raises(OutOfResourcesError):
            # Its own study is the only one that could give way beside study 1.
            put(archive, "2.2", "2", size=HALF * 2)
        assert sorted(studies(archive)) == ["1", "2"]


def test_protected_patients_are_never_recycled(small: Opener) -> None:
    with small() as archive:
        put(archive, "1.1", "1", PatientID="KEEP")
        put(archive, "2.1", "2", PatientID="B")
        archive.protect(Ref(level=Level.PATIENT, patient_id="KEEP"), on=True)
    with small() as archive:
        put(archive, "3.1", "3", PatientID="C")
        assert sorted(studies(archive)) == ["1", "3"]
        (patient,) = archive.protected()
        assert (patient.patient_id, patient.name, patient.studies) == ("KEEP", "Doe^Jane", 1)
        archive.protect(Ref(level=Level.STUDY, study_uid="3"), on=True)
        with pytest.raises(OutOfResourcesError):
            put(archive, "4.1", "4", PatientID="D")
        archive.protect(Ref(level=Level.STUDY, study_uid="1"), on=False)
        put(archive, "4.1", "4", PatientID="D")
        assert sorted(studies(archive)) == ["3", "4"]
        assert archive.statistics().protected == 1
        with pytest.raises(NotHeldError):
            archive.protect(Ref(level=Level.PATIENT, patient_id="NOBODY"), on=True)


def test_protection_means_one_patient_of_a_shared_id(archive: Archive) -> None:
    store(archive, make("1.1", StudyInstanceUID="1"))
    store(archive, make("2.1", StudyInstanceUID="2", PatientName="Roe^John"))
    with pytest.raises(UsageError, match="several patients"):
        archive.protect(Ref(level=Level.PATIENT, patient_id="P1"), on=True)
    archive.protect(Ref(level=Level.STUDY, study_uid="2"), on=True)
    assert [p.name for p in archive.protected()] == ["Roe^John"]


def test_protection_outlives_a_record_that_becomes_fuller(small: Opener) -> None:
    with small() as archive:
        put(archive, "1.1", "1", PatientID="KEEP", PatientBirthDate="")
        archive.protect(Ref(level=Level.STUDY, study_uid="1"), on=True)
        put(archive, "1.2", "1", size=100, PatientID="KEEP", PatientBirthDate="19700101")
        put(archive, "2.1", "2", PatientID="B")
        put(archive, "3.1", "3", PatientID="C")
        assert sorted(studies(archive)) == ["1", "3"]
        archive.protect(Ref(level=Level.PATIENT, patient_id="KEEP"), on=False)
        assert archive.protected() == ()


def test_a_replacement_needs_room_for_what_it_adds_only(opener: Opener) -> None:
    opener.settings = ArchiveSettings(quota_mib=1)
    opener.policy = Duplicates.REPLACE
    with opener() as archive:
        put(archive, "1.1", "1", size=900 << 10)
        put(archive, "1.1", "1", size=950 << 10)
        with pytest.raises(OutOfResourcesError):
            put(archive, "1.1", "1", size=1 << 20)
        assert archive.statistics().instances == 1


def test_many_senders_stay_within_the_quota(small: Opener) -> None:
    with small() as archive:
        errors: list[BaseException] = []

        def send(thread: int) -> None:
            try:
                for number in range(6):
                    put(archive, f"{thread}.{number}.1", f"{thread}.{number}", size=100 << 10)
            except BaseException as error:
                errors.append(error)

        threads = [threading.Thread(target=send, args=(n,)) for n in range(1, 5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert errors == []
        assert 1 << 19 < archive.statistics().size <= 1 << 20
        assert archive.check(repair=False).clean


def test_what_is_in_the_index_needs_no_room_besides(
    small: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An object that waits for its syncs is not to cost another study its place."""
    real = Landing._in_place_of

    def meanwhile(landing: Landing, *args: Any) -> Held:
        monkeypatch.setattr(Landing, "_in_place_of", real)
        another = threading.Thread(target=put, args=(archive, "3.1", "3", 100 << 10))
        another.start()
        another.join(20)
        return real(landing, *args)

    with small() as archive:
        put(archive, "1.1", "1")
        monkeypatch.setattr(Landing, "_in_place_of", meanwhile)
        put(archive, "2.1", "2")
        assert sorted(studies(archive)) == ["1", "2", "3"]


def test_statistics_count_by_modality(archive: Archive) -> None:
    for number, modality in enumerate(("CT", "CT", "MR", "")):
        store(archive, make(f"1.{number}", SeriesInstanceUID=f"1.9.{number}", Modality=modality))
    found = archive.statistics()
    assert {m.modality: (m.series, m.instances) for m in found.modalities} == {
        "CT": (2, 2),
        "MR": (1, 1),
        "": (1, 1),
    }
    assert sum(m.size for m in found.modalities) == found.size > 0
    assert found.free > 0
    archive.delete([Ref(level=Level.PATIENT, patient_id="P1")])
    assert replace(archive.statistics(), free=0).modalities == ()


def test_a_quiet_study_is_told_once_and_again_when_it_goes_on(opener: Opener) -> None:
    opener.settings = ArchiveSettings(stable_after=0.05)
    with opener() as archive:
        store(archive, make("1.1"))
        store(archive, make("1.2"))
        eventually(lambda: opener.told(StudyStable), what="the study to be stable")
        (told,) = opener.told(StudyStable)
        assert (told.ref.study_uid, told.ref.patient_id, told.instances) == ("1.2", "P1", 2)
        store(archive, make("1.1"))  # held already: nothing new
        store(archive, make("1.3"))
        eventually(lambda: len(opener.told(StudyStable)) == 2, what="the study to be stable again")
        assert opener.told(StudyStable)[1].instances == 3


def test_the_watch_waits_for_each_study_apart_and_needs_one_thread() -> None:
    now = [0.0]
    told: list[int] = []
    got = threading.Condition()

    def tell(study: int) -> None:
        with got:
            told.append(study)
            got.notify_all()

    watch = StudyWatch(tell, lambda: 0.2, lambda: now[0])
    before = threading.active_count()
    for study in (1, 2, 3, 1):
        watch.touch(study)
    assert threading.active_count() == before + 1
    now[0] = 1.0
    with got:
        assert got.wait_for(lambda: len(told) == 3, 10)
    assert told == [2, 3, 1]
    watch.touch(4)
    watch.close()
    assert told == [2, 3, 1]
    assert threading.active_count() == before


def test_a_read_only_archive_tells_of_protection_and_grants_none(small: Opener) -> None:
    with small() as archive:
        put(archive, "1.1", "1")
        archive.protect(Ref(level=Level.STUDY, study_uid="1"), on=True)
        with small(read_only=True) as reader:
            assert len(reader.protected()) == 1
            with pytest.raises(Exception, match="reading only"):
                reader.protect(Ref(level=Level.STUDY, study_uid="1"), on=False)
