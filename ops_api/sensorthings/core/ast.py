"""What a filter says, as a tree. Each node knows where it stood in the text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal as OneOf
from typing import TypeAlias

from ops_api.sensorthings.core.types import Type, Value

Comparison: TypeAlias = 'OneOf["eq", "ne", "gt", "ge", "lt", "le"]'
Operation: TypeAlias = 'OneOf["add", "sub", "mul", "div", "mod"]'


@dataclass(frozen=True, slots=True)
class Or:
    """At least one holds."""

    parts: tuple[Expr, ...]
    position: int


@dataclass(frozen=True, slots=True)
class And:
    """All hold."""

    parts: tuple[Expr, ...]
    position: int


@dataclass(frozen=True, slots=True)
class Not:
    """It does not hold."""

    part: Expr
    position: int


@dataclass(frozen=True, slots=True)
class Compare:
    """Two values beside each other."""

    op: Comparison
    left: Expr
    right: Expr
    position: int


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """Two values calculated with."""

    op: Operation
    left: Expr
    right: Expr
    position: int


@dataclass(frozen=True, slots=True)
class Call:
    """A function of some values."""

    name: str
    args: tuple[Expr, ...]
    position: int


@dataclass(frozen=True, slots=True)
class Lambda:
    """``Datastreams/any(d: …)``; without a body: whether there is any.

    Attributes:
        names: the way to the collection.
        every: ``all`` and not ``any``.
        variable: name of one member in ``body``.
    """

    names: tuple[str, ...]
    every: bool
    variable: str
    body: Expr | None
    position: int


@dataclass(frozen=True, slots=True)
class Path:
    """A property, here or of what is reached from here."""

    names: tuple[str, ...]
    position: int


@dataclass(frozen=True, slots=True)
class Literal:
    """A value that was written down."""

    type: Type
    value: Value
    position: int


Expr: TypeAlias = Or | And | Not | Compare | Arithmetic | Call | Lambda | Path | Literal


@dataclass(frozen=True, slots=True)
class Order:
    """One key of ``$orderby``."""

    by: Expr
    descending: bool
    position: int


def children(node: Expr) -> tuple[Expr, ...]:
    """Return what stands directly under a node."""
    match node:
        case Or(parts=parts) | And(parts=parts) | Call(args=parts):
            return parts
        case Compare(left=left, right=right) | Arithmetic(left=left, right=right):
            return (left, right)
        case Not(part=part):
            return (part,)
        case Lambda(body=body) if body is not None:
            return (body,)
    return ()


def walk(top: Expr) -> Iterator[tuple[Expr, int]]:
    """Yield every node with its depth, the top's being 1; no recursion, for trees not yet known to be small."""
    left = [(top, 1)]
    while left:
        node, depth = left.pop()
        yield node, depth
        left += [(child, depth + 1) for child in children(node)]
