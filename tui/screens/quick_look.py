"""From any row that stands for objects held here to their tags and pictures."""

from __future__ import annotations

from collections.abc import Sequence

from core.model import Instance, Level, Ref
from core.station import Station
from tui.screens.place import PlaceScreen

Held = tuple[Ref, tuple[Instance, ...]]
"""What was named, and what is held of it."""


def first_held(station: Station, refs: Sequence[Ref]) -> Held | None:
    """The first of `refs` of which anything is held; None where nothing is."""
    found = ((ref, tuple(station.archive.instances(ref))) for ref in refs)
    return next(((ref, instances) for ref, instances in found if instances), None)


def look_at(screen: PlaceScreen, ref: Ref, instances: tuple[Instance, ...]) -> None:
    """Open the inspector over `screen`, on the instance that `ref` names or the first there is."""
    if not instances:
        screen.say("Nothing of it is held here.")
        return
    first = instances[0]
    held = Ref(
        level=Level.IMAGE,
        patient_id=ref.patient_id,
        study_uid=first.study_uid,
        series_uid=first.series_uid,
        sop_instance_uid=ref.sop_instance_uid,
    )
    from tui.screens.inspector import InspectorScreen  # late: numpy and Pillow are behind it

    screen.app.push_screen(InspectorScreen(screen.session, held))
