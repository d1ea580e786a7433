"""A filter's tree to SQL. Comparisons are true or false, as OData says: null equals null and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from ops_api.sensorthings.core import ids
from ops_api.sensorthings.core.arithmetic import calculated
from ops_api.sensorthings.core.ast import And, Arithmetic, Call, Compare, Expr, Lambda, Literal, Not, Or, Path
from ops_api.sensorthings.core.errors import FilterError
from ops_api.sensorthings.core.fragment import Fragment, made, taken_as, wanted_as
from ops_api.sensorthings.core.functions import call
from ops_api.sensorthings.core.joins import STEPS_OF_ONE, Joins, Place, either
from ops_api.sensorthings.core.schema import DATASTREAM, ID_NAMES, OBSERVATION, Property
from ops_api.sensorthings.core.spatial import NAMES, GeoTest, question
from ops_api.sensorthings.core.temporal import RELATIONS, related
from ops_api.sensorthings.core.types import CASTS, NUMBERS, TIMES, Type

_SIGNS = {"eq": "=", "ne": "<>", "gt": ">", "ge": ">=", "lt": "<", "le": "<="}
_SAME = {"eq": "is not distinct from", "ne": "is distinct from"}
_LIKE = frozenset({Type.TEXT, Type.DATE, Type.CLOCK, Type.DURATION, Type.BOOL})


class Writer:
    """Writes one query's conditions; keeps its parameters, its questions about geometries, its joins."""

    def __init__(self, root: Place, stream: str, names: str) -> None:
        """``stream``: alias of the datastream that stands beside an observation; empty: none does."""
        self.joins = Joins()
        self.params: dict[str, object] = {}
        self.geo: list[GeoTest] = []
        self._root = root
        self._stream = stream
        self._names = names
        self._variables: dict[str, Place] = {}

    @property
    def beside(self) -> bool:
        """Whether a datastream stands beside the row."""
        return self._stream != ""

    # Conditions

    def holds(self, expr: Expr, exact: bool = False) -> list[Fragment]:
        """Return parts that must all hold; ``exact``: false and null are not the same here."""
        match expr:
            case And(parts=parts):
                return [fragment for part in parts for fragment in self.holds(part, exact)]
            case Or(parts=parts):
                return [either(self.joins, [self.holds(part, exact) for part in parts])]
            case Not(part=part):
                inner = self.joins.closed(self.holds(part, exact=True))
                return [made(f"(not {inner.sql})", Type.BOOL, inner)]
            case Compare():
                return [self._compare(expr, exact)]
        return [wanted_as(self.value(expr), Type.BOOL, expr.position)]

    # Values

    def value(self, expr: Expr) -> Fragment:
        """Return what an expression comes to.

        Raises:
            FilterError: it comes to nothing.
        """
        match expr:
            case Literal():
                return self._literal(expr)
            case Path():
                return self._path(expr)
            case Arithmetic(left=left, right=right):
                return calculated(expr, self.value(left), self.value(right))
            case Call():
                return self._call(expr)
            case Lambda():
                return self._lambda(expr)
        return self.joins.closed(self.holds(expr, exact=True))

    def param(self, value: object, type_: Type) -> str:
        """Return a new parameter of a value."""
        if isinstance(value, datetime):
            value = value.astimezone(UTC)
        return f"{self._new(value)}::{CASTS[type_]}"

    def _new(self, value: object) -> str:
        name = f"{self._names}{len(self.params)}"
        self.params[name] = value
        return f"%({name})s"

    def _literal(self, literal: Literal) -> Fragment:
        value = literal.value
        if literal.type is Type.NULL:
            raise FilterError("null can only be compared, by eq and ne", literal.position)
        if literal.type is Type.GEO:
            return Fragment(sql="", type=Type.GEO, written=True, wkt=str(value))
        if isinstance(value, tuple):
            since, until = (self.param(end, Type.TIME) for end in value)
            return Fragment(sql=since, type=Type.INTERVAL, until=until, written=True)
        return Fragment(sql=self.param(value, literal.type), type=literal.type, written=True)

    def _path(self, path: Path) -> Fragment:
        place, names = self.reach(path.names, path.position)
        if not names:
            raise FilterError(f"{place.entity.name} is an entity: name a property of it", path.position)
        name, below = names[0], names[1:]
        known = place.entity.properties.get(name)
        if known is None:
            raise FilterError(
                f"{place.entity.set} have no {name}; they have {_offered(place)}", path.position
            )
        if below and known.type not in (Type.JSON, Type.GEO):
            raise FilterError(f"{name} is {known.type.value}: nothing is below it", path.position)
        return self._property(place, known, below)

    def _property(self, place: Place, known: Property, below: Sequence[str]) -> Fragment:
        columns = [f"{place.alias}.{column}" for column in known.columns]
        sql, type_, key = columns[0], known.type, ("", "")
        if below:
            sql, type_ = f"({sql} #> {self._new(list(below))}::text[])", Type.JSON
        elif known.name == "id" and place.entity is OBSERVATION:
            key = (self._stream_of(place), place.alias)
            sql = ids.SQL.format(stream=key[0], row=key[1])
        return Fragment(
            sql=sql,
            type=type_,
            until=columns[-1] if type_ is Type.INTERVAL else "",
            needs=place.needs,
            row=place.row,
            nullable=known.nullable or bool(below),
            place=(f"{place.alias}.{known.place[0]}", known.place[1]) if type_ is Type.GEO else ("", ""),
            key=key,
        )

    def _stream_of(self, place: Place) -> str:
        return self._stream if self._stream and place.alias == self._root.alias else place.alias

    def reach(self, names: Sequence[str], at: int) -> tuple[Place, Sequence[str]]:
        """Follow the ways at the beginning of a path; return where they lead and the names that are left.

        Raises:
            FilterError: too many steps.
        """
        place = self._root
        if names and names[0] in self._variables:
            place, names = self._variables[names[0]], names[1:]
        steps = 0
        while names and names[0] in place.entity.ways:
            steps += 1
            if steps > STEPS_OF_ONE:
                raise FilterError(f"more than {STEPS_OF_ONE} steps to other entities", at)
            place, names = self._step(place, names[0], at), names[1:]
        return place, names

    def _step(self, place: Place, name: str, at: int) -> Place:
        if self._stream and place.alias == self._root.alias and name == "Datastream":
            return Place(entity=DATASTREAM, alias=self._stream, row=False)
        return self.joins.step(place, place.entity.ways[name], at)

    # Comparisons

    def _compare(self, expr: Compare, exact: bool) -> Fragment:
        if _is_null(expr.left) or _is_null(expr.right):
            return self._with_null(expr)
        found = self._by_key(expr)
        if found is not None:
            return found
        left, right = self.value(expr.left), self.value(expr.right)
        if left.type in TIMES or right.type in TIMES:
            return two_valued(expr.op, self._times(expr.op, left, right, expr), exact)
        left, right = alike(expr, left, right)
        if _SAME.get(expr.op) and not (left.written or right.written) and (left.nullable or right.nullable):
            return made(f"({left.sql} {_SAME[expr.op]} {right.sql})", Type.BOOL, left, right, nullable=False)
        sql = f"({left.sql} {_SIGNS[expr.op]} {right.sql})"
        return two_valued(expr.op, made(sql, Type.BOOL, left, right), exact)

    def _with_null(self, expr: Compare) -> Fragment:
        if expr.op not in ("eq", "ne"):
            raise FilterError("null can only be compared, by eq and ne", expr.position)
        other = expr.right if _is_null(expr.left) else expr.left
        if _is_null(other):
            return Fragment(sql="true" if expr.op == "eq" else "false", type=Type.BOOL)
        value = self.value(other)
        if value.type is Type.JSON:
            sql = f"(coalesce(jsonb_typeof({value.sql}), 'null') {_SIGNS[expr.op]} 'null')"
        else:
            sql = f"({value.sql} is {'null' if expr.op == 'eq' else 'not null'})"
        return made(sql, Type.BOOL, value, nullable=False)

    def _by_key(self, expr: Compare) -> Fragment | None:
        """Return an observation by its id: the datastream and the quarter second, both by index."""
        for node, written in ((expr.left, expr.right), (expr.right, expr.left)):
            match expr.op, node, written:
                case "eq", Path(names=(*_, "id" | "@iot.id")), Literal(
                    type=Type.WHOLE, value=int() as number
                ):
                    key = self.value(node)
                    return self._keyed(key, number) if key.key[0] else None
        return None

    def _keyed(self, key: Fragment, number: int) -> Fragment:
        known = ids.parts(number)
        if known is None:
            return made("false", Type.BOOL, key)
        stream, row = key.key
        which = self.param(known[0], Type.WHOLE)
        since, until = (self.param(at, Type.TIME) for at in known[1:])
        sql = f"({stream}.datastream_id = {which} and {row}.ts >= {since} and {row}.ts < {until})"
        return made(sql, Type.BOOL, key)

    # Functions and lambdas

    def _call(self, expr: Call) -> Fragment:
        if expr.name in NAMES:
            name = f"{self._names}g{len(self.geo)}"
            # Behind two shapes stands a pattern, which is read and not written.
            sides = [*map(self.value, expr.args[:2]), *[_UNUSED] * (len(expr.args) - 2)]
            test, fragment = question(expr, sides, name)
            self.geo.append(test)
            return fragment
        args = [self.value(arg) for arg in expr.args]
        if expr.name not in RELATIONS:
            return call(expr.name, args, expr.position)
        if len(args) != 2:
            raise FilterError(f"{expr.name}() takes two times", expr.position)
        return self._times(RELATIONS[expr.name], args[0], args[1], expr)

    def _times(self, relation: str, left: Fragment, right: Fragment, expr: Call | Compare) -> Fragment:
        sides = []
        for side in (left, right):
            taken = side if side.type in TIMES else taken_as(side, Type.TIME)
            if taken is None:
                hint = "; a time is written without quotes" if side.written and side.type is Type.TEXT else ""
                raise FilterError(f"a time is needed, and this is {side.type.value}{hint}", expr.position)
            sides.append(taken)
        if relation == "during" and sides[1].type is not Type.INTERVAL:
            raise FilterError("during() needs a stretch of time on its right: begin/end", expr.position)
        return related(relation, sides[0], sides[1])

    def _lambda(self, expr: Lambda) -> Fragment:
        if expr.variable in self._variables:
            raise FilterError(f"{expr.variable} is a name already", expr.position)
        *before, last = expr.names
        place, left = self.reach(before, expr.position)
        way = place.entity.ways.get(last)
        if left or way is None or not way.many:
            raise FilterError(f"{'/'.join(expr.names)} are not several entities", expr.position)
        there = self.joins.step(place, way, expr.position, own=True)
        body = self._body(expr, there)
        holds = self.joins.exists(frozenset({there.alias}), body)
        sql = f"(not {holds})" if expr.every else holds
        row = place.row or any(part.row for part in body)
        return Fragment(sql=sql, type=Type.BOOL, needs=place.needs, row=row)

    def _body(self, expr: Lambda, there: Place) -> list[Fragment]:
        """Return what is asked of each: that it holds; for ``all`` that it does not."""
        if expr.body is None:
            return []
        self._variables[expr.variable] = replace(there, needs=frozenset(), row=False)
        body = self.joins.closed(self.holds(expr.body, exact=expr.every))
        del self._variables[expr.variable]
        if not expr.every:
            return [body]
        sql = f"coalesce({body.sql}, false)" if body.nullable else body.sql
        return [replace(body, sql=f"(not {sql})")]


_UNUSED = Fragment(sql="", type=Type.TEXT, written=True)


def two_valued(op: str, holds: Fragment, exact: bool) -> Fragment:
    """Return a comparison that is never null where that matters; null differs from everything else."""
    if not holds.nullable or not (exact or op == "ne"):
        return holds
    return replace(holds, sql=f"coalesce({holds.sql}, {'true' if op == 'ne' else 'false'})", nullable=False)


def alike(expr: Compare, left: Fragment, right: Fragment) -> tuple[Fragment, Fragment]:
    """Return two values as ones of one type.

    Raises:
        FilterError: they cannot be compared, or not so.
    """
    if left.type is Type.JSON and right.type is Type.JSON and expr.op in ("eq", "ne"):
        return left, right
    if Type.JSON in (left.type, right.type):
        wanted = next((f.type for f in (left, right) if f.type is not Type.JSON), Type.NUMBER)
        wanted = Type.NUMBER if wanted in NUMBERS else wanted
        left, right = (
            side if side.type is not Type.JSON else taken_as(side, wanted) or side for side in (left, right)
        )
    numbers = left.type in NUMBERS and right.type in NUMBERS
    if not numbers and not (left.type is right.type and left.type in _LIKE):
        hint = (
            "; geometries are compared by st_equals() and the like"
            if Type.GEO in (left.type, right.type)
            else ""
        )
        raise FilterError(f"{left.type.value} is not compared with {right.type.value}{hint}", expr.position)
    if left.type is Type.BOOL and expr.op not in ("eq", "ne"):
        raise FilterError("true and false are compared by eq and ne", expr.position)
    return left, right


def _is_null(node: Expr) -> bool:
    return isinstance(node, Literal) and node.type is Type.NULL


def _offered(place: Place) -> str:
    known = [name for name in place.entity.properties if name not in ID_NAMES]
    return ", ".join(["id", *known, *place.entity.ways])
