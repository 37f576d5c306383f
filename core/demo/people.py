"""Who the sample studies are of: invented people, written in the character sets of the world."""

from __future__ import annotations

from dataclasses import dataclass

LATIN = "ISO_IR 100"
UNICODE = "ISO_IR 192"


@dataclass(frozen=True)
class Patient:
    """A patient as one hospital registered them."""

    name: str
    id: str
    issuer: str
    institution: str
    birth_date: str
    sex: str
    weight: str = ""
    character_set: str | tuple[str, ...] = LATIN


HARBOUR = ("HARBOUR", "Harbour General Hospital")
HILLSIDE = ("HILLSIDE", "Hillside Clinic")

THORAX = Patient("Phantom^Thora^^Ms", "P-1001", *HARBOUR, "19610417", "F", "68")
JAPANESE = Patient(
    "Yamada^Tarou=山田^太郎=やまだ^たろう", "P-1002", *HARBOUR, "19750302", "M", "71",
    ("", "ISO 2022 IR 87"),
)  # fmt: skip
KOREAN = Patient(
    "Hong^Gildong=洪^吉洞=홍^길동", "P-1003", *HARBOUR, "19880811", "M", "80",
    ("", "ISO 2022 IR 149"),
)  # fmt: skip
GREEK = Patient("Διονυσίου^Ελένη", "P-1004", *HARBOUR, "19920125", "F", "59", "ISO_IR 126")
ARABIC = Patient("قباني^لنزار", "P-1005", *HARBOUR, "19530321", "M", "77", "ISO_IR 127")
CHINESE = Patient("Wang^XiaoDong=王^小东", "P-1006", *HARBOUR, "19830606", "M", "66", UNICODE)
FRENCH = Patient("Buc^Jérôme", "P-1007", *HARBOUR, "20010930", "M", "74")
SHARED_ID_HARBOUR = Patient("Miller^Anna", "4711", *HARBOUR, "19480512", "F", "62")
SHARED_ID_HILLSIDE = Patient("Ångström^Nils", "4711", *HILLSIDE, "19990808", "M", "83")
RUSSIAN = Patient("Люксембург^Роза", "H-0042", *HILLSIDE, "19710305", "F", "57", "ISO_IR 144")
ANONYMOUS = Patient("", "H-0099", *HILLSIDE, "", "O")
