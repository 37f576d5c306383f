"""One object held against the rules: encoding, values, file meta, pixel data, its SOP class.

Reads by the walker of :mod:`core.dump`, so that a damaged file is judged as far as it goes.
"""

from core.validation.judge import validate

__all__ = ["validate"]
