"""Pieces of SQL with what is known of them, and how a value of one type is taken for another.

Every text here is a constant, an alias of ours or a parameter's name: nothing that anybody wrote stands in it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from ops_api.sensorthings.core.errors import FilterError
from ops_api.sensorthings.core.types import NUMBERS, Type


@dataclass(frozen=True, slots=True, kw_only=True)
class Fragment:
    """A value in SQL.

    Attributes:
        sql: the value; of a stretch of time its beginning.
        type: what it is.
        until: end of a stretch of time.
        needs: aliases of relations that must still be joined around it.
        row: whether it is about the row that is asked for, and not only about its datastream.
        nullable: whether it may be null.
        written: whether it was written down in the request.
        place: of a geometry, SQL of the id of the entity that has it, and that entity's name.
        wkt: of a geometry that was written down.
        key: of an observation's id, aliases of its datastream and its row.
    """

    sql: str
    type: Type
    until: str = ""
    needs: frozenset[str] = frozenset()
    row: bool = False
    nullable: bool = False
    written: bool = False
    place: tuple[str, str] = ("", "")
    wkt: str = ""
    key: tuple[str, str] = ("", "")

    @property
    def ends(self) -> tuple[str, str]:
        """Beginning and end; of a moment both are itself."""
        return self.sql, self.until or self.sql


def made(sql: str, type_: Type, *of: Fragment, nullable: bool | None = None, until: str = "") -> Fragment:
    """Return a value made of others: it needs what they need, and is null where one of them is."""
    return Fragment(
        sql=sql,
        type=type_,
        until=until,
        needs=frozenset().union(*(f.needs for f in of)),
        row=any(f.row for f in of),
        nullable=any(f.nullable for f in of) if nullable is None else nullable,
    )


def _json_number(x: str) -> str:
    # A number that no double holds would stop every query that meets it: it is no number here.
    n = f"({x})::numeric"
    small = f"abs({n}) <= 1e300 and (abs({n}) >= 1e-300 or {n} = 0)"
    return f"case jsonb_typeof({x}) when 'number' then case when {small} then {n}::double precision end end"


_FROM_JSON: Mapping[Type, Callable[[str], str]] = MappingProxyType(
    {
        Type.NUMBER: _json_number,
        Type.TEXT: lambda x: f"case jsonb_typeof({x}) when 'string' then {x} #>> '{{}}' end",
        Type.BOOL: lambda x: f"case jsonb_typeof({x}) when 'boolean' then ({x})::boolean end",
    }
)


def taken_as(value: Fragment, wanted: Type) -> Fragment | None:
    """Return a value as one of another type; None where it cannot be one.

    A date is its first moment in UTC, a stretch of time its beginning, a JSON value what it is or else null.
    """
    if value.type is wanted or (wanted is Type.NUMBER and value.type in NUMBERS):
        return value
    if value.type is Type.JSON and wanted in _FROM_JSON:
        return made(f"({_FROM_JSON[wanted](value.sql)})", wanted, value, nullable=True)
    if wanted is Type.TIME and value.type is Type.DATE:
        return made(f"({value.sql}::timestamp at time zone 'UTC')", wanted, value)
    if wanted is Type.TIME and value.type is Type.INTERVAL:
        return replace(value, type=Type.TIME, until="")
    return None


def wanted_as(value: Fragment, wanted: Type, at: int) -> Fragment:
    """Return a value as one of another type.

    Raises:
        FilterError: it cannot be one.
    """
    taken = taken_as(value, wanted)
    if taken is None:
        raise FilterError(f"{wanted.value} is needed, and this is {value.type.value}", at)
    return taken
