"""What was found, before it is an answer: rows with what was expanded from them."""

from __future__ import annotations

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
    """

    nodes: list[Node]
    options: Options
    size: int
    more: bool = False
    count: int | None = None
    estimated: bool = False
    token: str = ""
