"""Shared homes and wards as the command line prints them. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ops_api.housing.listing import SharedHome
from ops_api.housing.reading import Looked
from ops_api.housing.view import clock_rows, headline


def list_lines(shown: Sequence[SharedHome], found: Looked) -> Iterator[str]:
    """Yield the answer, then clocks, then a line a home."""
    clocks = clock_rows(found.homes, found.others)
    yield f"{headline(found.homes, clocks)}."
    for row in clocks:
        c = row.clock
        limit = f"{c.step}, {c.due} ({c.left})" if c.step else c.answer
        yield f"  case {c.case_id}, {row.label}: {row.said.lower()}: {limit}"
    yield f"{'home':>6}  {'risk':<8} {'for':<12} {'clock':<8}  address, ward: why"
    for h in shown:
        yield (
            f"{h.home_id:>6}  {h.risk:<8} {h.how_long.removeprefix('for '):<12} "
            f"{'' if h.case_state == 'none' else h.case_state:<8}  {h.label}{f', {h.ward}' if h.ward else ''}: {h.why or 'not shared'}"
            + "".join(f" [{q}]" for q in h.quality)
        )
    if not shown:
        yield "no home like that is shared"
    if found.not_shared is not None:
        yield f"{found.not_shared} homes share nothing"


def ward_lines(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield a line a ward."""
    if not document["wards"]:
        yield "The registry has no wards."
        return
    yield f"{'at risk':>8}  {'homes':>8}  ward"
    for w in document["wards"]:
        yield f"{_told(w['at_risk']):>8}  {_told(w['homes']):>8}  {w['label']}"
    others = document["others"]
    if others is not None:
        yield f"{others['at_risk']:>8}  {others['homes']:>8}  {others['wards']} wards not told, together"
    yield document["notice"]


def _told(n: int | None) -> str:
    return "not told" if n is None else f"{n:,}"
