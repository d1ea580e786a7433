"""How operators bind: values and operators in a row to one tree. Loops, no recursion: a row is as long as anybody likes.

Source: OData 4.0 part 2 §5.1.1.9, but that ``not`` holds for a whole comparison, which it must for it to mean anything.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

from lark import Token

from ops_api.sensorthings.core.ast import (
    And,
    Arithmetic,
    Compare,
    Comparison,
    Expr,
    Literal,
    Not,
    Operation,
    Or,
    Path,
)
from ops_api.sensorthings.core.errors import FilterError
from ops_api.sensorthings.core.literals import READERS
from ops_api.sensorthings.core.types import Type

NAMES = 20
"""Names of one path at most."""


def bound(row: list[Any]) -> Expr:
    """Return a row of values, operators and signs as a tree.

    Raises:
        FilterError: an operator where none can stand.
    """
    return _value(row[0]) if len(row) == 1 else _Row(row).any_of()


def few(names: list[str], at: int) -> tuple[str, ...]:
    """Return the names of a path.

    Raises:
        FilterError: more than anything has.
    """
    if len(names) > NAMES:
        raise FilterError(f"a path of more than {NAMES} names", at)
    return tuple(names)


def _value(of: Expr | Token) -> Expr:
    """Return a value: one that is a tree already, or a path or something written down.

    Raises:
        FilterError: an operator.
    """
    if not isinstance(of, Token):
        return of
    text, at = str(of), _place(of)
    if of.type == "PATH":
        return Path(few(text.split("/"), at), at)
    if of.type not in READERS:
        raise FilterError(f"{text!r} is not expected here", at)
    return READERS[of.type](text, at)


class _Row:
    """Reads a row from its left; each method takes what binds at least as tightly as it."""

    def __init__(self, row: list[Any]) -> None:
        self._row = row
        self._at = 0

    def any_of(self) -> Expr:
        return self._several("OR", self._all_of, Or)

    def _all_of(self) -> Expr:
        return self._several("AND", self._denied, And)

    def _several(self, operator: str, part: Callable[[], Expr], node: type[Or | And]) -> Expr:
        parts, first = [part()], None
        while (token := self._next(operator)) is not None:
            first = first or token
            parts.append(part())
        return parts[0] if first is None else node(tuple(parts), _place(first))

    def _denied(self) -> Expr:
        signs = []
        while (token := self._next("NOT")) is not None:
            signs.append(token)
        part = self._compared()
        for sign in reversed(signs):
            part = Not(part, _place(sign))
        return part

    def _compared(self) -> Expr:
        left = self._sum()
        token = self._next("CMP")
        if token is None:
            return left
        found = Compare(cast("Comparison", str(token)), left, self._sum(), _place(token))
        if (more := self._next("CMP")) is not None:
            raise FilterError(f"{str(more)!r} is not expected here: a comparison has two sides", _place(more))
        return found

    def _sum(self) -> Expr:
        return self._left_to_right("ADDOP", self._product)

    def _product(self) -> Expr:
        return self._left_to_right("MULOP", self._signed)

    def _left_to_right(self, operator: str, part: Callable[[], Expr]) -> Expr:
        found = part()
        while (token := self._next(operator)) is not None:
            found = Arithmetic(cast("Operation", str(token)), found, part(), _place(token))
        return found

    def _signed(self) -> Expr:
        signs = []
        while (token := self._next("MINUS")) is not None:
            signs.append(token)
        value = _value(self._row[self._at])
        self._at += 1
        for sign in reversed(signs):
            value = _negative(value, _place(sign))
        return value

    def _next(self, operator: str) -> Token | None:
        if self._at >= len(self._row):
            return None
        token = self._row[self._at]
        if token.__class__ is not Token or token.type != operator:
            return None
        self._at += 1
        return token


def _negative(of: Expr, at: int) -> Expr:
    if isinstance(of, Literal) and isinstance(of.value, int | float | timedelta) and of.type is not Type.BOOL:
        return replace(of, value=-of.value, position=at)
    return Arithmetic("mul", Literal(Type.WHOLE, -1, at), of, at)


def _place(token: Token) -> int:
    return int(token.start_pos or 0)
