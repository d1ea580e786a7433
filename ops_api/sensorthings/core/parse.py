"""Text of ``$filter`` and ``$orderby`` to trees: limits before the reading, places in every refusal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import cache
from typing import Any, cast

from lark import Lark, Token, Transformer
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken, VisitError

from ops_api.sensorthings.core.ast import (
    And,
    Arithmetic,
    Call,
    Compare,
    Comparison,
    Expr,
    Lambda,
    Literal,
    Not,
    Operation,
    Or,
    Order,
    Path,
    walk,
)
from ops_api.sensorthings.core.errors import FilterError
from ops_api.sensorthings.core.literals import READERS
from ops_api.sensorthings.core.types import Type

CHARACTERS = 4_000
BRACKETS = 200
NODES = 200
DEPTH = 40
LAMBDAS = 3
KEYS = 10
"""Limits of one option: characters, opening brackets, nodes, their depth, lambdas; keys of ``$orderby``."""


def parse(text: str) -> Expr:
    """Return what a ``$filter`` says.

    Raises:
        FilterError: not of the grammar, or larger than the limits.
    """
    expr = cast("Expr", _read(text, "filter", "$filter"))
    _small_enough([expr], "$filter")
    return expr


def parse_orders(text: str) -> tuple[Order, ...]:
    """Return the keys of an ``$orderby``.

    Raises:
        FilterError: not of the grammar, or larger than the limits.
    """
    orders = cast("tuple[Order, ...]", _read(text, "orders", "$orderby"))
    if len(orders) > KEYS:
        raise FilterError(f"more than {KEYS} keys", orders[KEYS].position, "$orderby")
    _small_enough([order.by for order in orders], "$orderby")
    return orders


def _read(text: str, start: str, option: str) -> object:
    if len(text) > CHARACTERS:
        raise FilterError(f"longer than {CHARACTERS} characters", CHARACTERS, option)
    if text.count("(") > BRACKETS:
        raise FilterError(f"more than {BRACKETS} brackets", text.rindex("("), option)
    try:
        return _parser(start).parse(text)
    except UnexpectedInput as error:
        raise FilterError(*_what(error, text), option) from None
    except VisitError as error:
        if isinstance(error.orig_exc, FilterError):
            raise FilterError(error.orig_exc.message, error.orig_exc.position, option) from None
        raise


@cache
def _parser(start: str) -> Lark:
    return Lark.open(
        "grammar.lark",
        rel_to=__file__,
        parser="lalr",
        lexer="contextual",
        start=start,
        maybe_placeholders=False,
        transformer=_Trees(),
    )


def _what(error: UnexpectedInput, text: str) -> tuple[str, int]:
    match error:
        case UnexpectedCharacters(pos_in_stream=at):
            place = at if isinstance(at, int) else 0
            if text[place : place + 1] == "'":
                return "text that is not closed: a quote within text is written twice", place
            return f"{text[place : place + 20]!r} is not understood here", place
        case UnexpectedToken(token=token) if token.type != "$END":
            return f"{str(token)[:20]!r} is not expected here", int(token.start_pos or 0)
    return "it ends too early", len(text)


def _small_enough(tops: Sequence[Expr], option: str) -> None:
    nodes = lambdas = 0
    for top in tops:
        for node, depth in walk(top):
            nodes += 1
            lambdas += isinstance(node, Lambda)
            for count, most, what in (
                (nodes, NODES, "parts"),
                (depth, DEPTH, "levels"),
                (lambdas, LAMBDAS, "any() and all()"),
            ):
                if count > most:
                    raise FilterError(
                        f"more than {most} {what}; ask in several requests", node.position, option
                    )


def _left_to_right(children: list[Any], join: Callable[[Token, Expr, Expr], Expr]) -> Expr:
    result: Expr = children[0]
    for operator, right in zip(children[1::2], children[2::2], strict=True):
        result = join(operator, result, right)
    return result


def _at(token: Token) -> int:
    return int(token.start_pos or 0)


def _arithmetic(operator: Token, left: Expr, right: Expr) -> Expr:
    return Arithmetic(cast("Operation", str(operator)), left, right, _at(operator))


class _Trees(Transformer[Token, Any]):
    """Makes nodes bottom-up while the parser goes: no recursion however deep the brackets."""

    def filter(self, children: list[Any]) -> Expr:
        return cast("Expr", children[0])

    def orders(self, children: list[Any]) -> tuple[Order, ...]:
        return tuple(children)

    def order(self, children: list[Any]) -> Order:
        by = children[0]
        return Order(by, len(children) > 1 and children[1].type == "DESC", by.position)

    def or_(self, children: list[Any]) -> Expr:
        return Or(tuple(children[0::2]), _at(children[1]))

    def and_(self, children: list[Any]) -> Expr:
        return And(tuple(children[0::2]), _at(children[1]))

    def neg(self, children: list[Any]) -> Expr:
        return Not(children[1], _at(children[0]))

    def cmp(self, children: list[Any]) -> Expr:
        left, operator, right = children
        return Compare(cast("Comparison", str(operator)), left, right, _at(operator))

    def add(self, children: list[Any]) -> Expr:
        return _left_to_right(children, _arithmetic)

    mul = add

    def minus(self, children: list[Any]) -> Expr:
        sign, of = children
        if (
            isinstance(of, Literal)
            and isinstance(of.value, int | float | timedelta)
            and of.type is not Type.BOOL
        ):
            return replace(of, value=-of.value, position=_at(sign))
        return Arithmetic("mul", Literal(Type.WHOLE, -1, _at(sign)), of, _at(sign))

    def func(self, children: list[Any]) -> Expr:
        return Call(str(children[0]), tuple(children[1:]), _at(children[0]))

    def lambda_(self, children: list[Any]) -> Expr:
        word = next(
            i for i, child in enumerate(children) if child.__class__ is Token and child.type == "LAMBDA"
        )
        names = tuple(map(str, children[:word]))
        variable, body = children[word + 1 :] or ("", None)
        every = str(children[word]) == "all"
        if every and body is None:
            raise FilterError("all() needs what is to hold of each: all(d: …)", _at(children[word]))
        return Lambda(names, every, str(variable), body, _at(children[0]))

    def path(self, children: list[Any]) -> Expr:
        return Path(tuple(map(str, children)), _at(children[0]))

    def literal(self, children: list[Any]) -> Expr:
        return READERS[children[0].type](str(children[0]), _at(children[0]))
