"""A treatment matrix as a person reads it: each row with its physical dose beside, and what it leaves open."""

from __future__ import annotations

from collections.abc import Iterator

from rules.core.dose import DoseParameters, coldest_of, dose_of_row
from rules.core.matrix import MatrixRow, TreatmentMatrix
from rules.core.matrix_check import gaps_of, oddities_of

HEAD = ("row", "for", "surface °C", "dry salt", "pre-wet", "plough", "dose", "note")


def matrix_lines(matrix: TreatmentMatrix, p: DoseParameters) -> Iterator[str]:
    """Yield a matrix as a table, and below it what to mind; rates in g/m², the dose all passes together."""
    yield f"{matrix.id} v{matrix.version}: {matrix.source}"
    yield ""
    yield from aligned([HEAD, *(_cells(i, row, p) for i, row in enumerate(matrix.rows, start=1))])
    yield ""
    for found in gaps_of(matrix.rows):
        yield f"open: {found.text}"
    for found in oddities_of(matrix.rows, p):
        yield f"mind: {'' if found.row is None else f'row {found.row + 1}: '}{found.text}"


def _cells(number: int, row: MatrixRow, p: DoseParameters) -> tuple[str, ...]:
    what = row.condition.replace("_", " ")
    what += "" if row.surface == "any" else f", {row.surface.replace('_', ' ')}"
    physical = dose_of_row(row, p)
    return (
        str(number),
        what,
        band(row),
        _rate(row.dry_salt_g_m2, row),
        _rate(row.prewet_g_m2, row),
        "yes" if row.plough else "",
        f"{physical.total_g_m2:.0f} at {coldest_of(row, p):g} °C",
        row.note,
    )


def band(row: MatrixRow) -> str:
    """Return the temperatures of a row: ``> -5, < -2``."""
    low = "" if row.above_c is None else f"{'≥' if row.above_inclusive else '>'} {row.above_c:g}"
    high = "" if row.below_c is None else f"{'≤' if row.below_inclusive else '<'} {row.below_c:g}"
    return ", ".join(w for w in (low, high) if w) or "any"


def _rate(rate_g_m2: float | None, row: MatrixRow) -> str:
    if rate_g_m2 is None:
        return "–"
    again = ", again" if row.successive else ""
    return f"{rate_g_m2:g}{again}" if row.passes == 1 else f"{row.passes} × {rate_g_m2:g}{again}"


def aligned(rows: list[tuple[str, ...]]) -> Iterator[str]:
    """Yield rows as columns of one width each."""
    widths = [max(len(r[i]) for r in rows) for i in range(len(rows[0]))]
    for row in rows:
        yield "  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip()
