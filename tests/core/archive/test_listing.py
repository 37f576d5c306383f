"""What is found under a value: mostly one entity, sometimes several."""

from __future__ import annotations

from core.archive.entities import Study
from core.archive.listing import Listing


def study(number: int) -> Study:
    return Study(number, {"StudyInstanceUID": f"1.{number}"}, ("", "", "", ""))


def test_one_or_many_are_listed_and_taken_out() -> None:
    one, two, three = study(1), study(2), study(3)
    listing: Listing[str, Study] = Listing()
    listing.add("a", one)
    listing.add("a", one)
    assert listing.get("a") == [one]
    listing.add("a", two)
    listing.add("a", two)
    listing.add("b", three)
    assert listing.get("a") == [one, two]
    assert listing.of(["b", "a", "b", "c"]) == [three, one, two]
    listing.discard("a", one)
    listing.discard("a", three)
    assert listing.get("a") == [two]
    listing.discard("a", two)
    assert (listing.get("a"), list(listing), len(listing)) == ([], ["b"], 1)


def test_filling_lists_what_adding_lists() -> None:
    one, two, three = study(1), study(2), study(3)
    pairs = [("a", one), ("b", two), ("a", three), ("a", one)]
    filled: Listing[str, Study] = Listing()
    filled.fill([value for value, _ in pairs], [entry for _, entry in pairs])
    added: Listing[str, Study] = Listing()
    for value, entry in pairs:
        added.add(value, entry)
    assert {v: filled.get(v) for v in filled} == {v: added.get(v) for v in added}
    assert filled.get("a") == [one, three]
