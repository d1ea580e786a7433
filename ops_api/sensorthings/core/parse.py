"""Text of ``$filter`` and ``$orderby`` to trees: limits before the reading, places in every refusal."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import Any, cast

from lark import Lark, Token, Transformer
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from ops_api.sensorthings.core.ast import Call, Expr, Lambda, Order, walk
from ops_api.sensorthings.core.errors import FilterError
from ops_api.sensorthings.core.operators import bound, few

CHARACTERS = 4_000
BRACKETS = 100
NODES = 200
DEPTH = 40
WORDS = 450
LAMBDAS = 3
KEYS = 10
"""Limits of one option: characters, opening brackets, nodes, how deep they lie, words (more of them make more nodes),
lambdas; keys of an ``$orderby``."""
_WORD = re.compile(r"'[^']*(?:''[^']*)*'|[^\s()',]+")


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
    _few_words(text, option)
    try:
        return _parser(start).parse(text)
    except UnexpectedInput as error:
        raise FilterError(*_what(error, text), option) from None
    except FilterError as error:
        raise FilterError(error.message, error.position, option) from None


def _few_words(text: str, option: str) -> None:
    """Refuse what has far too many parts before they are read: it would take longer than any that is answered."""
    for number, word in enumerate(_WORD.finditer(text), 1):
        if number > WORDS:
            raise FilterError(f"more than {NODES} parts; ask in several requests", word.start(), option)


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


def _at(token: Token) -> int:
    return int(token.start_pos or 0)


class _Trees(Transformer[Token, Any]):
    """Makes nodes bottom-up while the parser goes: no recursion however deep the brackets."""

    def filter(self, children: list[Any]) -> Expr:
        return cast("Expr", children[0])

    def orders(self, children: list[Any]) -> tuple[Order, ...]:
        return tuple(children)

    def order(self, children: list[Any]) -> Order:
        by = children[0]
        return Order(by, len(children) > 1 and children[1].type == "DESC", by.position)

    def expr(self, children: list[Any]) -> Expr:
        return bound(children)

    def func(self, children: list[Any]) -> Expr:
        return Call(str(children[0])[:-1].rstrip(), tuple(children[1:]), _at(children[0]))

    def lambda_(self, children: list[Any]) -> Expr:
        head = children[0]
        *names, word = str(head)[:-1].split("/")
        variable, body = (str(children[1])[:-1].rstrip(), children[2]) if len(children) > 1 else ("", None)
        if word == "all" and body is None:
            raise FilterError("all() needs what is to hold of each: all(d: …)", _at(head))
        return Lambda(few(names, _at(head)), word == "all", variable, body, _at(head))
