"""What of observations a filter can only be about: which datastreams, from when to when. The plan is chosen by it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from ops_api.sensorthings.core import ids
from ops_api.sensorthings.core.ast import And, Call, Compare, Expr, Literal, Or, Path
from ops_api.sensorthings.core.types import Type

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
US = timedelta(microseconds=1)
_TURNED = {"gt": "lt", "ge": "le", "lt": "gt", "le": "ge", "eq": "eq", "ne": "ne"}
_ID = ("id", "@iot.id")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """Where every observation lies that a filter can be true of.

    Attributes:
        datastream_ids: in ascending order; None: any.
        thing_ids: of things whose datastreams they are; None: any.
        since_us, until_us: microseconds since the epoch, half open; None: no bound.
        exact: whether every observation within is meant, so that nothing else need be asked.
    """

    datastream_ids: tuple[int, ...] | None = None
    thing_ids: tuple[int, ...] | None = None
    since_us: int | None = None
    until_us: int | None = None
    exact: bool = True

    @property
    def empty(self) -> bool:
        """Whether there can be none."""
        ends = self.since_us is not None and self.until_us is not None and self.since_us >= self.until_us
        return ends or self.datastream_ids == () or self.thing_ids == ()

    def both(self, other: Bounds) -> Bounds:
        """Return what lies within both."""
        since = [us for us in (self.since_us, other.since_us) if us is not None]
        until = [us for us in (self.until_us, other.until_us) if us is not None]
        return Bounds(
            datastream_ids=_in_both(self.datastream_ids, other.datastream_ids),
            thing_ids=_in_both(self.thing_ids, other.thing_ids),
            since_us=max(since, default=None),
            until_us=min(until, default=None),
            exact=self.exact and other.exact,
        )


def bounds(expr: Expr | None) -> Bounds:
    """Return the bounds of a filter of observations, in which constants are values already (:func:`fold.fold`)."""
    if expr is None:
        return Bounds()
    if isinstance(expr, And):
        found = Bounds()
        for part in expr.parts:
            found = found.both(bounds(part))
        return found
    if isinstance(expr, Or):
        return _either([bounds(part) for part in expr.parts])
    return _atom(expr) or Bounds(exact=False)


def _either(sides: list[Bounds]) -> Bounds:
    """Return what lies within any; exact only where the sides name nothing but datastreams, or nothing but things."""
    sides = [side for side in sides if not side.empty] or [replace(sides[0], exact=True)]
    if len(sides) == 1:
        return sides[0]
    streams, things = [s.datastream_ids for s in sides], [s.thing_ids for s in sides]
    since, until = [s.since_us for s in sides], [s.until_us for s in sides]
    known = [us for us in since if us is not None]
    known_until = [us for us in until if us is not None]
    one_kind = len({(s.since_us, s.until_us, s.thing_ids) for s in sides}) == 1 or (
        len({(s.since_us, s.until_us, s.datastream_ids) for s in sides}) == 1
    )
    return Bounds(
        datastream_ids=_in_any(streams),
        thing_ids=_in_any(things),
        since_us=min(known) if len(known) == len(sides) else None,
        until_us=max(known_until) if len(known_until) == len(sides) else None,
        exact=one_kind and all(s.exact for s in sides),
    )


def _in_both(a: tuple[int, ...] | None, b: tuple[int, ...] | None) -> tuple[int, ...] | None:
    if a is None or b is None:
        return b if a is None else a
    return tuple(sorted(set(a) & set(b)))


def _in_any(of: list[tuple[int, ...] | None]) -> tuple[int, ...] | None:
    known = [ids_ for ids_ in of if ids_ is not None]
    return tuple(sorted(set().union(*known))) if len(known) == len(of) else None


def _atom(expr: Expr) -> Bounds | None:
    match expr:
        case Compare(op=op, left=Literal() as value, right=other):
            return _compared(_TURNED[op], other, value)
        case Compare(op=op, left=other, right=Literal() as value):
            return _compared(op, other, value)
        case Call(name="during" | "before" | "after" as name, args=(Path() as path, Literal() as value)):
            return _compared({"before": "lt", "after": "gt", "during": "during"}[name], path, value)
        case Literal(type=Type.BOOL, value=True):
            return Bounds()
        case Literal(type=Type.BOOL, value=False):
            return Bounds(datastream_ids=())
    return None


def _compared(op: str, other: Expr, value: Literal) -> Bounds | None:
    match other:
        case Path(names=("phenomenonTime",)):
            return _moments(op, value)
        case Path(names=("Datastream", "id" | "@iot.id")) if _is(op, value):
            return Bounds(datastream_ids=_ids(value))
        case Path(names=("Datastream", "Thing", "id" | "@iot.id")) if _is(op, value):
            return Bounds(thing_ids=_ids(value))
        case Path(names=("id" | "@iot.id",)) if _is(op, value):
            return _one(int(str(value.value)))
        case Call(name="date", args=(Path(names=("phenomenonTime",)),)) if value.type is Type.DATE:
            return _days(op, value)
    return None


def _is(op: str, value: Literal) -> bool:
    return op == "eq" and value.type is Type.WHOLE


def _ids(value: Literal) -> tuple[int, ...]:
    return (int(str(value.value)),)


def _one(number: int) -> Bounds:
    known = ids.parts(number)
    if known is None:
        return Bounds(datastream_ids=())
    which, since, until = known
    return Bounds(datastream_ids=(which,), since_us=_us(since), until_us=_us(until))


def _us(at: datetime) -> int:
    return (at - EPOCH) // US


def _moments(op: str, value: Literal) -> Bounds | None:
    match value.value:
        case (datetime() as begin, datetime() as end):
            return _beside_stretch(op, _us(begin), _us(end))
        case datetime() as at:
            return _beside(op, _us(at), _us(at) + 1)
        case date() as day:
            at = datetime(day.year, day.month, day.day, tzinfo=UTC)
            return _beside(op, _us(at), _us(at) + 1)
    return None


def _days(op: str, value: Literal) -> Bounds | None:
    day = value.value
    if not isinstance(day, date):
        return None
    first = _us(datetime(day.year, day.month, day.day, tzinfo=UTC))
    return _beside(op, first, first + timedelta(days=1) // US)


def _beside(op: str, since_us: int, until_us: int) -> Bounds | None:
    """Return what compares so with all moments of a span, which count as one."""
    match op:
        case "eq":
            return Bounds(since_us=since_us, until_us=until_us)
        case "gt":
            return Bounds(since_us=until_us)
        case "ge":
            return Bounds(since_us=since_us)
        case "lt":
            return Bounds(until_us=since_us)
        case "le":
            return Bounds(until_us=until_us)
    return None


def _beside_stretch(op: str, begin_us: int, end_us: int) -> Bounds | None:
    after = max(end_us, begin_us + 1)
    match op:
        case "during":
            return Bounds(since_us=begin_us, until_us=end_us)
        case "gt":
            return Bounds(since_us=after)
        case "ge":
            return Bounds(since_us=end_us)
        case "lt":
            return Bounds(until_us=begin_us)
        case "le":
            return Bounds(until_us=begin_us + 1)
    return None
