"""Times and numbers as requests give them: as the document of REST says, and nothing else that could be read as one.

pydantic takes a number for a time (seconds since 1970) and yes or no for a number: who sends one has made a mistake.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated

from pydantic import AwareDatetime, BeforeValidator

from ops_api.numbers_given import Integer, Number

__all__ = ["Day", "Integer", "Moment", "Number"]

_DAY = re.compile(r"\d{4}-\d\d-\d\d")


def _no_number(value: object) -> object:
    """Return ``value``, where it is no number and no text of one.

    Raises:
        ValueError: it is.
    """
    if isinstance(value, int | float) or (isinstance(value, str) and _DAY.match(value) is None):
        raise ValueError("write it as 2026-01-09T05:10:00Z, or as 2026-01-09 where it is a day")
    return value


Moment = Annotated[AwareDatetime, BeforeValidator(_no_number)]
"""A time with its offset."""
Day = Annotated[date, BeforeValidator(_no_number)]
