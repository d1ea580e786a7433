"""Types of values in filters: OData's primitive types as far as SensorThings uses them, stretches of time, JSON."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from enum import Enum
from types import MappingProxyType
from typing import TypeAlias

Value: TypeAlias = (
    "bool | int | float | str | datetime | date | time | timedelta | tuple[datetime, datetime] | None"
)


class Type(Enum):
    """What a value is; the enum's value is how it is called in messages."""

    WHOLE = "a whole number"
    NUMBER = "a number"
    TEXT = "text"
    BOOL = "true or false"
    TIME = "a moment"
    INTERVAL = "a stretch of time"
    DATE = "a date"
    CLOCK = "a time of day"
    DURATION = "a duration"
    GEO = "a geometry"
    JSON = "a JSON value"
    NULL = "null"


NUMBERS = frozenset({Type.WHOLE, Type.NUMBER})
TIMES = frozenset({Type.TIME, Type.INTERVAL})

CASTS: Mapping[Type, str] = MappingProxyType(
    {
        Type.WHOLE: "bigint",
        Type.NUMBER: "double precision",
        Type.TEXT: "text",
        Type.BOOL: "boolean",
        Type.TIME: "timestamptz",
        Type.DATE: "date",
        Type.CLOCK: "time",
        Type.DURATION: "interval",
    }
)
"""PostgreSQL's type of a parameter; without it the driver's guess would choose the operator."""
