"""What of a filter is a value already: ``now() sub duration'PT1H'`` is one moment, before any SQL is written.

So the planner, and whoever looks for bounds of time, sees a constant.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from ops_api.sensorthings.core.ast import And, Arithmetic, Call, Compare, Expr, Lambda, Literal, Not, Or
from ops_api.sensorthings.core.errors import FilterError
from ops_api.sensorthings.core.types import NUMBERS, Type

FIRST = datetime(1, 1, 1, tzinfo=UTC)
LAST = datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)


def fold(expr: Expr, now: datetime) -> Expr:
    """Return the same filter with values in place of what can be calculated without the database.

    Raises:
        FilterError: a moment outside the years 1 to 9999.
    """
    match expr:
        case Or(parts=parts) | And(parts=parts):
            return replace(expr, parts=tuple(fold(part, now) for part in parts))
        case Not(part=part):
            return replace(expr, part=fold(part, now))
        case Compare(left=left, right=right):
            return replace(expr, left=fold(left, now), right=fold(right, now))
        case Arithmetic(left=left, right=right):
            return _arithmetic(replace(expr, left=fold(left, now), right=fold(right, now)))
        case Call():
            return _call(replace(expr, args=tuple(fold(arg, now) for arg in expr.args)), now)
        case Lambda(body=body) if body is not None:
            return replace(expr, body=fold(body, now))
    return expr


def _call(expr: Call, now: datetime) -> Expr:
    fixed = {"now": now, "mindatetime": FIRST, "maxdatetime": LAST}
    if expr.name in fixed:
        if expr.args:
            raise FilterError(f"{expr.name}() takes nothing", expr.position)
        return Literal(Type.TIME, fixed[expr.name], expr.position)
    match expr.name, expr.args:
        case "date", (Literal(value=datetime() as at),):
            return Literal(Type.DATE, at.astimezone(UTC).date(), expr.position)
        case "totaloffsetminutes", (Literal(value=datetime() as at),):
            offset = at.utcoffset() or timedelta()
            return Literal(Type.WHOLE, offset // timedelta(minutes=1), expr.position)
    return expr


def _arithmetic(expr: Arithmetic) -> Expr:
    match expr.left, expr.right:
        case Literal() as left, Literal() as right:
            try:
                return _calculated(expr, left, right) or expr
            except (OverflowError, ZeroDivisionError):
                raise FilterError("a moment or a duration that is too far away", expr.position) from None
    return expr


def _calculated(expr: Arithmetic, left: Literal, right: Literal) -> Literal | None:
    a, b, at = left.value, right.value, expr.position
    match expr.op, a, b:
        case "add", datetime() as moment, timedelta() as length:
            return Literal(Type.TIME, _known(moment + length), at)
        case "add", timedelta() as length, datetime() as moment:
            return Literal(Type.TIME, _known(moment + length), at)
        case "sub", datetime() as moment, timedelta() as length:
            return Literal(Type.TIME, _known(moment - length), at)
        case "sub", datetime() as moment, datetime() as before:
            return Literal(Type.DURATION, moment - before, at)
        case "add", timedelta() as length, timedelta() as more:
            return Literal(Type.DURATION, length + more, at)
        case "sub", timedelta() as length, timedelta() as less:
            return Literal(Type.DURATION, length - less, at)
        case "mul", timedelta() as length, int() | float() as times if right.type in NUMBERS:
            return Literal(Type.DURATION, length * times, at)
    return None


def _known(at: datetime) -> datetime:
    at.astimezone(UTC)  # with its zone it may fall outside what can be said
    return at
