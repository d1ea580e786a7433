"""What is wrong or odd in a treatment matrix: rows that contradict each other, gaps, and rates that physics would not give.

Temperatures are looked at piece by piece: each bound that any row names, and what lies between two of
them. A piece that two rows claim is an error; one that no row claims is the duty officer's.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple, get_args

from rules.core.dose import DoseParameters, Material, difference_g_m2
from rules.core.matrix import Condition, MatrixRow

WETS: dict[Condition, tuple[bool, ...]] = {"frost": (False, True)}
"""Which surfaces a condition is looked up for; else a wet one."""
BEYOND_C = 1.0
OPTIONAL: tuple[Condition, ...] = ("packed_snow", "after_freezing_rain")
"""Without any row for it a condition is treated as what it began as: snow, and a wet or icy road."""


class Finding(NamedTuple):
    """Something about a row, by its place in the matrix; None = about the matrix as a whole."""

    row: int | None
    text: str


class Piece(NamedTuple):
    """Temperatures that belong together: a bound alone, or what lies between two; None = no end [°C]."""

    above_c: float | None
    below_c: float | None
    inside_c: float

    @property
    def is_bound(self) -> bool:
        """Whether it is a single temperature."""
        return self.above_c is not None and self.above_c == self.below_c


def errors_of(rows: Sequence[MatrixRow]) -> list[Finding]:
    """Return why a matrix can't be used: a row for no temperature, two rows for the same road."""
    empty = [i for i, row in enumerate(rows) if not _has_inside(row)]
    text = "no temperature is above {0.above_c:g} and below {0.below_c:g} °C"
    return [Finding(i, text.format(rows[i])) for i in empty] + _overlaps(rows)


def _has_inside(row: MatrixRow) -> bool:
    if row.above_c is None or row.below_c is None:
        return True
    both = row.above_inclusive and row.below_inclusive
    return row.above_c < row.below_c or (both and row.above_c == row.below_c)


def _overlaps(rows: Sequence[MatrixRow]) -> list[Finding]:
    found: dict[tuple[int, int], Finding] = {}
    for condition, wet in _roads():
        for piece, claimed in _claims(rows, condition, wet):
            for one, other in pairwise(claimed):
                text = f"row {one + 1} is for {_road(condition, wet)} at {piece.inside_c:g} °C too"
                found.setdefault((one, other), Finding(other, f"{text}: one of them must give way"))
    return list(found.values())


def gaps_of(rows: Sequence[MatrixRow]) -> list[Finding]:
    """Return what no row is for: the duty officer decides there."""
    found = list[Finding]()
    for condition, wet in _roads():
        if condition in OPTIONAL and not any(r.condition == condition for r in rows):
            continue
        open_ = list[Piece]()
        for piece, claimed in _claims(rows, condition, wet):
            if not claimed:
                open_.append(piece)
            elif open_:
                found.append(_gap(condition, wet, open_))
                open_ = []
        if open_:
            found.append(_gap(condition, wet, open_))
    return found


def _gap(condition: Condition, wet: bool, pieces: Sequence[Piece]) -> Finding:
    first, last = pieces[0], pieces[-1]
    low = "" if first.above_c is None else f"{'from' if first.is_bound else 'above'} {first.above_c:g} °C"
    high = "" if last.below_c is None else f"{'up to' if last.is_bound else 'below'} {last.below_c:g} °C"
    where = " and ".join(w for w in (low, high) if w) or "any temperature"
    return Finding(None, f"{_road(condition, wet)}, {where}: no rate, the duty officer decides")


def oddities_of(rows: Sequence[MatrixRow], p: DoseParameters) -> list[Finding]:
    """Return what is allowed but looks like a slip: less salt where it is colder, or far from the physical dose."""
    found = [f for i, row in enumerate(rows) for f in _against_dose(i, row, p)]
    for condition, wet in _roads():
        mine = [(i, r) for i, r in enumerate(rows) if r.is_for(condition, wet) and r.above_c is not None]
        mine.sort(key=lambda m: -(m[1].above_c or 0.0))
        for (_, warm), (j, cold) in pairwise(mine):
            if _total(cold) < _total(warm):
                text = f"{_total(cold):g} g/m² for a colder road than that of {_total(warm):g} g/m²"
                found.append(Finding(j, text))
    return list(dict.fromkeys(found))


def _total(row: MatrixRow) -> float:
    return (row.dry_salt_g_m2 or 0.0) * row.passes


def _against_dose(i: int, row: MatrixRow, p: DoseParameters) -> Iterator[Finding]:
    meant = row.prewet_g_m2 is None and row.note != ""  # says itself what there is to do
    if row.dry_salt_g_m2 is None and not meant:
        yield Finding(i, "no rate for dry salt: the duty officer decides where dry salt is spread")
    for material in get_args(Material):
        off = difference_g_m2(row, p, material)
        if off is not None and abs(off) > p.gate_g_m2:
            less = "more" if off > 0.0 else "less"
            name = material.replace("_", " ")
            yield Finding(i, f"the physical dose is {abs(off):.0f} g/m² {less} than its {name}")


def _roads() -> Iterator[tuple[Condition, bool]]:
    for condition in get_args(Condition):
        for wet in WETS.get(condition, (True,)):
            yield condition, wet


def _claims(
    rows: Sequence[MatrixRow], condition: Condition, wet: bool
) -> Iterator[tuple[Piece, tuple[int, ...]]]:
    """Yield every piece of temperature of a road, from the coldest, with the rows that are for it."""
    mine = [r for r in rows if r.is_for(condition, wet)]
    for piece in _pieces(sorted({b for r in mine for b in (r.above_c, r.below_c) if b is not None})):
        yield piece, tuple(i for i, r in enumerate(rows) if r.covers(condition, wet, piece.inside_c))


def _pieces(bounds: Sequence[float]) -> list[Piece]:
    if not bounds:
        return [Piece(None, None, 0.0)]
    found = [Piece(None, bounds[0], bounds[0] - BEYOND_C)]
    for low, high in pairwise(bounds):
        found += [Piece(low, low, low), Piece(low, high, (low + high) / 2.0)]
    last = bounds[-1]
    return [*found, Piece(last, last, last), Piece(last, None, last + BEYOND_C)]


def _road(condition: Condition, wet: bool) -> str:
    name = condition.replace("_", " ")
    return f"{name} on a {'wet' if wet else 'dry or damp'} road" if condition == "frost" else name
