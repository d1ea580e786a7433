"""Calculations of ``$filter``: numbers, moments and durations. Division by nothing gives null.

Source: OData 4.01 part 2 §5.1.1.2 (two whole numbers divide to a whole one).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ops_api.sensorthings.core.ast import Arithmetic
from ops_api.sensorthings.core.errors import FilterError
from ops_api.sensorthings.core.fragment import Fragment, made, taken_as
from ops_api.sensorthings.core.types import NUMBERS, Type

_SIGNS = {"add": "+", "sub": "-", "mul": "*", "div": "/"}
_DOUBLE = "({0})::double precision"
_MOVED = "(({0} at time zone 'UTC' {sign} {1}) at time zone 'UTC')"
"""A day is 24 hours in UTC, whatever zone the session has."""
_D, _T, _N = Type.DURATION, Type.TIME, Type.NUMBER

_RULES: Mapping[tuple[str, Type, Type], tuple[Type, str]] = MappingProxyType(
    {
        ("add", _T, _D): (_T, _MOVED.replace("{sign}", "+")),
        ("sub", _T, _D): (_T, _MOVED.replace("{sign}", "-")),
        ("sub", _T, _T): (_D, "({0} - {1})"),
        ("add", Type.DATE, _D): (Type.DATE, "({0} + {1})::date"),
        ("sub", Type.DATE, _D): (Type.DATE, "({0} - {1})::date"),
        ("sub", Type.DATE, Type.DATE): (_D, "(({0} - {1}) * interval '1 day')"),
        ("add", _D, _D): (_D, "({0} + {1})"),
        ("sub", _D, _D): (_D, "({0} - {1})"),
        ("mul", _D, _N): (_D, "({0} * ({1})::double precision)"),
        ("div", _D, _N): (_D, "({0} / nullif(({1})::double precision, 0))"),
    }
)
_MAY_BE_NULL = frozenset({"div", "mod"})


def calculated(expr: Arithmetic, left: Fragment, right: Fragment) -> Fragment:
    """Return the result of an operation.

    Raises:
        FilterError: the two cannot be calculated with like that.
    """
    left, right = _at_ease(left, right)
    if left.type in NUMBERS and right.type in NUMBERS:
        return _numbers(expr.op, left, right)
    if left.type is Type.INTERVAL and right.type is _D and expr.op in ("add", "sub"):
        moved = _RULES[expr.op, _T, _D][1]
        since, until = (moved.format(end, right.sql) for end in left.ends)
        return made(since, Type.INTERVAL, left, right, until=until)
    if left.type is _D and (right.type is _T or (right.type in NUMBERS and expr.op == "mul")):
        first, second = (right, left) if right.type is _T and expr.op == "add" else (left, right)
    elif right.type is _D and left.type in NUMBERS and expr.op == "mul":
        first, second = right, left
    else:
        first, second = left, right
    found = _RULES.get((expr.op, _plain(first.type), _plain(second.type)))
    if found is None:
        raise FilterError(
            f"{expr.op} of {left.type.value} and {right.type.value} means nothing", expr.position
        )
    gives, sql = found
    nullable = True if expr.op in _MAY_BE_NULL else None
    return made(sql.format(first.sql, second.sql), gives, left, right, nullable=nullable)


def _plain(of: Type) -> Type:
    return Type.NUMBER if of is Type.WHOLE else of


def _at_ease(left: Fragment, right: Fragment) -> tuple[Fragment, Fragment]:
    """Take JSON as a number; a stretch of time as its beginning where a moment is taken from it, or it from one."""
    left, right = (
        taken_as(side, Type.NUMBER) or side if side.type is Type.JSON else side for side in (left, right)
    )
    moments = (Type.TIME, Type.INTERVAL)
    if left.type in moments and right.type in moments:
        left, right = (taken_as(side, Type.TIME) or side for side in (left, right))
    return left, right


def _numbers(op: str, left: Fragment, right: Fragment) -> Fragment:
    whole = left.type is right.type is Type.WHOLE
    a, b = (side.sql if whole else _DOUBLE.format(side.sql) for side in (left, right))
    gives = Type.WHOLE if whole else Type.NUMBER
    if op == "mod":
        sql = f"mod(({a})::numeric, nullif(({b})::numeric, 0))::{'bigint' if whole else 'double precision'}"
    elif op == "div":
        sql = f"({a} / nullif({b}, 0))"
    else:
        sql = f"({a} {_SIGNS[op]} {b})"
    return made(sql, gives, left, right, nullable=True if op in _MAY_BE_NULL else None)
