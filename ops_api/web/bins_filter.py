"""Which bins a reader of the board has asked for: by waste, kind of place and state, from the address."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlencode

Row = Mapping[str, Any]

STATES: Mapping[str, str] = {
    "overflowing": "Overflowing",
    "full": "Full",
    "ok": "Not full",
    "unknown": "Not known",
}
WRONG = "wrong"
MOST = 100
"""Longest value that is asked for."""


def state_of(row: Row) -> str:
    """Return the bin's state, or unknown."""
    state = (row["state"] or {}).get("state")
    return str(state) if state in STATES else "unknown"


def place_of(row: Row) -> str:
    """Return the kind of place where a bin stands, as the rules know it."""
    return str(row.get("place") or "") or str(row["label"]).partition(",")[0]


@dataclass(frozen=True, slots=True)
class Filter:
    """What is asked for; empty: all.

    Attributes:
        stream: of waste.
        place: kind of place.
        state: of ``STATES``, or ``wrong``: something is the matter with the bin.
    """

    stream: str = ""
    place: str = ""
    state: str = ""

    @property
    def query(self) -> str:
        """The same as the query of an address; empty where nothing is asked for."""
        asked = (("stream", self.stream), ("place", self.place), ("state", self.state))
        return urlencode([(k, v) for k, v in asked if v])

    def keeps(self, row: Row, wrong: frozenset[str]) -> bool:
        """Whether a bin is asked for; ``wrong``: bins with something the matter."""
        if self.stream and row.get("stream") != self.stream:
            return False
        if self.place and place_of(row) != self.place:
            return False
        if self.state == WRONG:
            return str(row["bin_id"]) in wrong
        return not self.state or state_of(row) == self.state


def read(query: str) -> Filter:
    """Return what the query of an address asks for; what can't be is left out."""
    try:
        given = {k: v[-1].strip()[:MOST] for k, v in parse_qs(query, max_num_fields=20).items()}
    except ValueError:
        given = {}
    state = given.get("state", "")
    known = state if state in STATES or state == WRONG else ""
    return Filter(given.get("stream", ""), given.get("place", ""), known)


@dataclass(frozen=True, slots=True)
class Choices:
    """What can be asked for: values and their names."""

    streams: tuple[str, ...]
    places: tuple[str, ...]
    states: Sequence[tuple[str, str]] = (*STATES.items(), (WRONG, "Something is wrong"))


def choices(rows: Iterable[Row]) -> Choices:
    """Return what can be asked for of these bins."""
    rows = list(rows)
    streams = sorted({str(r["stream"]) for r in rows if r.get("stream")})
    return Choices(tuple(streams), tuple(sorted({place_of(r) for r in rows})))


ALL = Filter()
"""Nothing is left out."""
