"""Writes `core/validation/iods.json`, the types of attributes by SOP class, PS3.3 annexes A and C.

The facts come from the tables of PS3.3 and PS3.4 as the package highdicom carries them (MIT,
copyright 2020 MGH Computational Pathology). Called with the folder of its JSON files:
`python -m docs.iods …/highdicom/_standard`. What these tables lose is the condition under which a
macro is included; such attributes are left out here, rather than asked of objects that are right.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

TABLE = Path(__file__).parents[1] / "core" / "validation" / "iods.json"
SOURCE = (
    "PS3.3 and PS3.4, from the tables of highdicom 0.28.2 (MIT, 2020 MGH Computational Pathology)"
)
GROUPS = ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence")
MAX_NESTING = 6
BY_VALUE_TYPE = {
    *("ConceptCodeSequence", "ContinuityOfContent", "TemporalRangeType", "MeasuredValueSequence"),
    *("ReferencedSOPSequence", "GraphicData", "GraphicType", "NumericValue", "DateTime", "Date"),
    *("MeasurementUnitsCodeSequence", "Time", "PersonName", "UID", "TextValue", "ContentSequence"),
    *("ReferencedFrameOfReferenceUID", "PixelOriginInterpretation", "FiducialUID"),
    *("TabulatedValuesSequence", "TableRowDefinitionSequence", "TableColumnDefinitionSequence"),
}
"""Asked of a content item by its Value Type (0040,A040) only, PS3.3 table 10-2 and C.17-5."""

OVERRIDDEN = {"sc-equipment": ("general-series", "Modality")}
"""Modules whose weaker type of an attribute counts instead of another module's, PS3.3 C.8.6.1."""

Scope = dict[str, Any]
"""Keyword to type, or to type and the scope of the items of a sequence."""


def scope_of(attributes: list[dict[str, Any]]) -> Scope:
    """The attributes of one module, each below the sequence that holds it."""
    root: dict[str, Any] = {}
    for attribute in sorted(attributes, key=lambda a: len(a["path"])):
        path = attribute["path"]
        if len(path) > MAX_NESTING:
            continue
        here = root
        for keyword in path:
            here = here.setdefault(keyword, ["3", {}])[1]
        kind = attribute["type"]
        if len(path) == 1 and path[0] in GROUPS:
            kind = "3"  # which functional groups there must be depends on what is imaged
        here.setdefault(attribute["keyword"], [kind, {}])
    return _needed(root)


def _needed(scope: dict[str, Any], *, is_root: bool = True) -> Scope:
    """The scope without what asks nothing: type 3, and conditions inside of items."""
    kept: Scope = {}
    for keyword, (kind, inner) in sorted(scope.items()):
        if "ValueType" in scope and keyword in BY_VALUE_TYPE:
            kind = "3"
        below = _needed(inner, is_root=False)
        asks = kind in ("1", "2") or (is_root and kind in ("1C", "2C"))
        if below:
            kept[keyword] = [kind if asks else "3", below]
        elif asks:
            kept[keyword] = kind
    return kept


def main(folder: Path) -> None:
    """Write the table."""
    classes, iods, modules = (
        json.loads((folder / f"{name}.json").read_text())
        for name in ("sop_class_iod_map", "iod_module_map", "module_attribute_map")
    )
    used = {
        iod: [entry["key"] for entry in iods[iod] if entry["usage"] == "M"]
        for iod in sorted(set(classes.values()))
    }
    table = {
        "source": SOURCE,
        "classes": classes,
        "iods": used,
        "overridden": {
            iod: [OVERRIDDEN[name] for name in names if name in OVERRIDDEN]
            for iod, names in used.items()
            if not OVERRIDDEN.keys().isdisjoint(names)
        },
        "modules": {
            name: scope_of(modules.get(name, []))
            for name in sorted({name for names in used.values() for name in names})
        },
    }
    lines = []
    for part, content in table.items():
        if isinstance(content, str):
            lines.append(f"{json.dumps(part)}: {json.dumps(content)}")
            continue
        rows = (
            f"{json.dumps(k)}:{json.dumps(v, separators=(',', ':'))}" for k, v in content.items()
        )
        lines.append(f"{json.dumps(part)}: {{\n" + ",\n".join(rows) + "\n}")
    TABLE.write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
