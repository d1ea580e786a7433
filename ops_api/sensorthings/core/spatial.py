"""Functions of geometries. The database has no notion of them: each becomes a question to whoever holds the shapes, whose
answer comes back as a parameter.

Source: OGC 18-088 §9.3.3.5.2 (``geo.*`` and ``st_*``). Distances and lengths are in degrees, as FROST answers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from ops_api.sensorthings.core.ast import Call, Literal
from ops_api.sensorthings.core.errors import FilterError
from ops_api.sensorthings.core.fragment import Fragment, made
from ops_api.sensorthings.core.types import Type

_TURNED: Mapping[str, str] = MappingProxyType({"within": "contains", "contains": "within"})
_TESTS = frozenset(
    {"equals", "disjoint", "touches", "within", "overlaps", "crosses", "intersects", "contains", "relate"}
)
NAMES = frozenset({"geo.distance", "geo.length", "geo.intersects", *(f"st_{test}" for test in _TESTS)})
_PATTERN = re.compile(r"[TF012*]{9}")


@dataclass(frozen=True, slots=True, kw_only=True)
class GeoTest:
    """A question about all geometries of an entity.

    Attributes:
        name: the parameter that takes the answer. Of a test: the ids for which it holds, ``list[int]``. Of a number:
            a JSON object of values by id; ids without a geometry are left out.
        entity: whose geometries: ``Location`` or ``FeatureOfInterest``.
        op: ``intersects``, ``within`` ...: the entity's geometry in that relation to ``wkt``; ``distance``, ``length``.
        wkt: the other geometry; empty for ``length``.
        pattern: of ``relate``, the nine places of the DE-9IM matrix.
        numeric: whether numbers are asked for.
        position: where it stands in the filter, should the shapes refuse it.
    """

    name: str
    entity: str
    op: str
    wkt: str
    pattern: str
    numeric: bool
    position: int


def question(expr: Call, args: Sequence[Fragment], name: str) -> tuple[GeoTest, Fragment]:
    """Return a function's question and its place in the SQL.

    Raises:
        FilterError: not one property and one written geometry, or a pattern that is none.
    """
    op = expr.name.removeprefix("geo.").removeprefix("st_")
    expected = {"length": 1, "relate": 3}.get(op, 2)
    if len(args) != expected:
        raise FilterError(f"{expr.name}() takes {expected} value{'s' if expected > 1 else ''}", expr.position)
    pattern = _pattern(expr) if op == "relate" else ""
    here, wkt, turned = _sides(expr, args[: 1 if op == "length" else 2])
    if turned:
        op = _TURNED.get(op, op)
        pattern = _transposed(pattern)
    place, entity = here.place
    numeric = op in ("distance", "length")
    test = GeoTest(
        name=name, entity=entity, op=op, wkt=wkt, pattern=pattern, numeric=numeric, position=expr.position
    )
    if numeric:
        sql = f"(%({name})s::jsonb ->> ({place})::text)::double precision"
        return test, made(f"({sql})", Type.NUMBER, here, nullable=True)
    return test, made(f"({place} = any(%({name})s::bigint[]))", Type.BOOL, here)


def _sides(expr: Call, args: Sequence[Fragment]) -> tuple[Fragment, str, bool]:
    for arg, node in zip(args, expr.args, strict=False):
        if arg.type is not Type.GEO:
            raise FilterError(f"{Type.GEO.value} is needed, and this is {arg.type.value}", node.position)
    stored = [arg for arg in args if not arg.written]
    if len(stored) != 1:
        raise FilterError(
            f"{expr.name}() needs one property and one geometry that is written down", expr.position
        )
    wkt = next((arg.wkt for arg in args if arg.written), "")
    return stored[0], wkt, bool(args[0].written)


def _pattern(expr: Call) -> str:
    match expr.args[2]:
        case Literal(value=str() as text) if _PATTERN.fullmatch(text):
            return text
    raise FilterError("the pattern is nine of T, F, 0, 1, 2 and *, in quotes", expr.args[2].position)


def _transposed(pattern: str) -> str:
    return "".join(pattern[3 * (i % 3) + i // 3] for i in range(len(pattern)))
