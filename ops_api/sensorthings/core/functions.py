"""Functions of ``$filter``: what they take, what they give, their SQL.

Source: OGC 18-088 §9.3.3.5.2, OData 4.0 part 2 §5.1.1.4; ``contains`` as OData has it. Text is compared as it stands, never
as a pattern. Times are UTC's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from ops_api.sensorthings.core.errors import FilterError
from ops_api.sensorthings.core.fragment import Fragment, made, taken_as
from ops_api.sensorthings.core.types import NUMBERS, Type

T, N, W, B = Type.TEXT, Type.NUMBER, Type.WHOLE, Type.BOOL
_PLACE = "least(greatest({1}, 0), 1000000)::integer + 1"


@dataclass(frozen=True, slots=True)
class Signature:
    """One way to call a function; ``sql`` has its arguments as ``{0}``, ``{1}``."""

    args: tuple[Type, ...]
    gives: Type
    sql: str


def _parts(name: str, sql: str) -> tuple[Signature, ...]:
    """Return how a part of a moment, a date or a time of day is taken; ``sql`` has the value as ``{0}``."""
    of = (Type.DATE,) if name in ("year", "month", "day") else (Type.CLOCK,)
    return (
        Signature(
            (Type.TIME,),
            N if name == "fractionalseconds" else W,
            sql.replace("{0}", "{0} at time zone 'UTC'"),
        ),
        Signature(of, N if name == "fractionalseconds" else W, sql),
    )


_FIELDS = {
    "year": "extract(year from {0})::bigint",
    "month": "extract(month from {0})::bigint",
    "day": "extract(day from {0})::bigint",
    "hour": "extract(hour from {0})::bigint",
    "minute": "extract(minute from {0})::bigint",
    "second": "floor(extract(second from {0}))::bigint",
    "fractionalseconds": "mod(extract(second from {0}), 1)::double precision",
}

FUNCTIONS: Mapping[str, tuple[Signature, ...]] = MappingProxyType(
    {
        "substringof": (Signature((T, T), B, "(position({0} in {1}) > 0)"),),
        "contains": (Signature((T, T), B, "(position({1} in {0}) > 0)"),),
        "startswith": (Signature((T, T), B, "starts_with({0}, {1})"),),
        "endswith": (Signature((T, T), B, "(right({0}, length({1})) = {1})"),),
        "indexof": (Signature((T, T), W, "(position({1} in {0}) - 1)::bigint"),),
        "length": (Signature((T,), W, "length({0})::bigint"),),
        "substring": (
            Signature((T, W), T, f"substr({{0}}, {_PLACE})"),
            Signature((T, W, W), T, f"substr({{0}}, {_PLACE}, least(greatest({{2}}, 0), 1000000)::integer)"),
        ),
        "tolower": (Signature((T,), T, "lower({0})"),),
        "toupper": (Signature((T,), T, "upper({0})"),),
        "trim": (Signature((T,), T, "btrim({0}, E' \\t\\r\\n')"),),
        "concat": (Signature((T, T), T, "({0} || {1})"),),
        "date": (Signature((Type.TIME,), Type.DATE, "({0} at time zone 'UTC')::date"),),
        "time": (Signature((Type.TIME,), Type.CLOCK, "({0} at time zone 'UTC')::time"),),
        "totaloffsetminutes": (
            Signature((Type.TIME,), W, "(case when {0} is null then null else 0 end)::bigint"),
        ),
        "round": (Signature((N,), N, "round(({0})::numeric)::double precision"),),
        "floor": (Signature((N,), N, "floor(({0})::double precision)"),),
        "ceiling": (Signature((N,), N, "ceil(({0})::double precision)"),),
        **{name: _parts(name, sql) for name, sql in _FIELDS.items()},
    }
)
CONSTANTS = frozenset({"now", "mindatetime", "maxdatetime"})
"""Functions without arguments; they are values before any SQL is written."""


def call(name: str, args: Sequence[Fragment], at: int) -> Fragment:
    """Return what a function gives.

    Raises:
        FilterError: no such function, or not of these values.
    """
    if name not in FUNCTIONS:
        raise FilterError(f"there is no function {name}()", at)
    for signature in FUNCTIONS[name]:
        taken = _taken(signature, args)
        if taken is not None:
            return made(signature.sql.format(*(f.sql for f in taken)), signature.gives, *taken)
    ways = " or ".join(
        f"{name}({', '.join(arg.value for arg in signature.args)})" for signature in FUNCTIONS[name]
    )
    got = ", ".join(arg.type.value for arg in args) or "nothing"
    raise FilterError(f"it takes {ways}, and this gives it {got}", at)


def _taken(signature: Signature, args: Sequence[Fragment]) -> list[Fragment] | None:
    if len(args) != len(signature.args):
        return None
    taken = []
    for arg, wanted in zip(args, signature.args, strict=True):
        # A clock of a moment, but never a moment of a date: hour(date) is a slip.
        if arg.type is Type.DATE and wanted is Type.TIME:
            return None
        value = taken_as(arg, wanted)
        if value is None or (wanted is Type.NUMBER and value.type not in NUMBERS):
            return None
        taken.append(value)
    return taken
