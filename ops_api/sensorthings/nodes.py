"""What was found, before it is an answer: rows with what was expanded from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ops_api.sensorthings.core.options import Options


@dataclass(slots=True)
class Node:
    """One entity.

    Attributes:
        row: its columns.
        found: by way, None: the way leads to nothing; None where nothing was expanded.
        options: what was asked of it, where a way to one led here.
    """

    row: dict[str, Any]
    found: dict[str, Node | Many | None] | None = None
    options: Options | None = None

    def lead(self, way: str, end: Node | Many | None) -> None:
        """Say what a way leads to."""
        if self.found is None:
            self.found = {}
        self.found[way] = end


@dataclass(slots=True)
class Many:
    """A page of entities.

    Attributes:
        nodes: they.
        options: what was asked of them.
        size: of a page.
        more: whether there are more behind them.
        count: how many there are in all; None where nobody asked.
        estimated: whether that is the planner's guess.
        token: where the next page begins; empty: after so many.
        told: the entities in words, where nothing is expanded from them; there are no ``nodes`` then.
    """

    nodes: list[Node]
    options: Options
    size: int
    more: bool = False
    count: int | None = None
    estimated: bool = False
    token: str = ""
    told: list[bytes] | None = None


def many_of(rows: Sequence[dict[str, Any]], options: Options, size: int, *, more: bool) -> Many:
    """Return a page of rows: in words as they came, where the database told them and nothing is to be added."""
    if rows and "document" in rows[0] and not options.expand:
        return Many([], options, size, more=more, told=[row["document"] for row in rows[:size]])
    return Many([Node(row) for row in rows[:size]], options, size, more=more)
