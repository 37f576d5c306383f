"""A data set as rows to show, and as the DICOM JSON model.

Reads by a walker of its own, without recursion and without loading values: a file cut short, a
VR nobody knows or two hundred levels of sequences give what is readable, and a warning row.
"""

from core.dump.compare import compare, compare_series
from core.dump.json_model import dicom_json
from core.dump.pages import page
from core.dump.rows import MAX_ROWS, rows

__all__ = ["MAX_ROWS", "compare", "compare_series", "dicom_json", "page", "rows"]
