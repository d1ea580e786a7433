"""A treatment matrix as CSV, as spreadsheets have it, and as the catalogue's TOML.

One row of the file is one row of the matrix; columns are the fields of
:class:`rules.core.matrix.MatrixRow`, an empty cell is the field's default. Lines that begin with ``#``
are comments. Every error names the line, the column, the value and what is allowed.
"""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterator, Sequence
from typing import Any, get_args

import msgspec

from rules.catalogue.faults import Fault
from rules.core.matrix import Condition, MatrixRow, TreatmentMatrix, Wetness
from rules.core.matrix_check import Finding, errors_of

COLUMNS = tuple(f.name for f in msgspec.structs.fields(MatrixRow))
TRUE, FALSE = ("true", "yes", "1"), ("false", "no", "0")
_BOOLS = ("above_inclusive", "below_inclusive", "successive", "plough")
_NUMBERS = ("above_c", "below_c", "dry_salt_g_m2", "prewet_g_m2")
_WORDS: dict[str, tuple[str, ...]] = {"condition": get_args(Condition), "surface": get_args(Wetness)}

Lines = tuple[int, ...]
"""The line of each row, from 1."""


def read_csv(file: str, text: str) -> tuple[tuple[MatrixRow, ...], Lines, tuple[Fault, ...]]:
    """Return the rows of a file, their lines, and everything that is wrong with them."""
    records = list(_records(text))
    if not records:
        return (), (), (Fault(file, 1, f"no header; columns: {', '.join(COLUMNS)}"),)
    (at, header), *body = records
    faults = _header_faults(file, at, header)
    if faults:
        return (), (), tuple(faults)
    rows, lines = list[MatrixRow](), list[int]()
    for line, cells in body:
        row, wrong = _row(file, line, header, cells)
        faults += wrong
        if row is not None:
            rows.append(row)
            lines.append(line)
    if not body:
        faults.append(Fault(file, at, "no rows"))
    if not faults:
        faults += faults_of(file, lines, errors_of(rows))
    return tuple(rows), tuple(lines), tuple(faults)


def faults_of(file: str, lines: Sequence[int], found: Sequence[Finding]) -> list[Fault]:
    """Return what was found of a matrix with the lines of its rows."""
    return [Fault(file, 0 if f.row is None else lines[f.row], f.text) for f in found]


def _records(text: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text.removeprefix("\N{BYTE ORDER MARK}")))
    line = 1
    for cells in reader:
        if any(c.strip() for c in cells) and not cells[0].lstrip().startswith("#"):
            yield line, [c.strip() for c in cells]
        line = reader.line_num + 1


def _header_faults(file: str, line: int, header: Sequence[str]) -> list[Fault]:
    known = ", ".join(COLUMNS)
    faults = [
        Fault(file, line, f"column {h!r}: no such column; columns: {known}")
        for h in header
        if h not in COLUMNS
    ]
    faults += [Fault(file, line, f"column {h!r} is there twice") for h in COLUMNS if header.count(h) > 1]
    needed = ("condition", "dry_salt_g_m2", "prewet_g_m2")
    faults += [Fault(file, line, f"column {h!r} is missing") for h in needed[:1] if h not in header]
    if not set(needed[1:]) & set(header):
        faults.append(Fault(file, line, f"column {needed[1]!r} or {needed[2]!r} is missing"))
    return faults


def _row(
    file: str, line: int, header: Sequence[str], cells: Sequence[str]
) -> tuple[MatrixRow | None, list[Fault]]:
    if len(cells) > len(header):
        return None, [Fault(file, line, f"{len(cells)} cells, but the header has {len(header)} columns")]
    raw: dict[str, Any] = {}
    faults = list[Fault]()
    for name, cell in zip(header, cells, strict=False):
        try:
            if cell:
                raw[name] = _value(name, cell)
        except ValueError as e:
            faults.append(Fault(file, line, f"{name} = {cell!r}: {e}"))
    if faults:
        return None, faults
    try:
        return msgspec.convert(raw, type=MatrixRow), []
    except msgspec.ValidationError as e:
        what, _, where = str(e).partition(" - at `$.")
        name = where.rstrip("`")
        shown = f"{name} = {raw[name]!r}: " if name in raw else ""
        return None, [Fault(file, line, f"{shown}{what[0].lower()}{what[1:]}")]


def _value(name: str, cell: str) -> Any:
    """Return a cell's value.

    Raises:
        ValueError: it has none; the text says what is allowed.
    """
    if name in _WORDS:
        if cell not in _WORDS[name]:
            raise ValueError(f"allowed: {', '.join(_WORDS[name])}")
        return cell
    if name in _BOOLS:
        if cell.lower() not in (*TRUE, *FALSE):
            raise ValueError(f"allowed: {', '.join((*TRUE, *FALSE))}")
        return cell.lower() in TRUE
    if name in _NUMBERS:
        return _number(cell)
    if name == "passes":
        if not cell.isdecimal():
            raise ValueError("a whole number from 1 to 4 is wanted")
        return int(cell)
    return cell


def _number(cell: str) -> float:
    try:
        value = float(cell.replace("\N{MINUS SIGN}", "-"))
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ValueError("a number is wanted, with a point, such as -5 or 7.5")
    return value


def as_csv(matrix: TreatmentMatrix) -> str:
    """Return a matrix as such a file."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in matrix.rows:
        values = (getattr(row, name) for name in COLUMNS)
        writer.writerow(
            ["" if v is None else str(v).lower() if isinstance(v, bool) else _plain(v) for v in values]
        )
    return out.getvalue()


def _plain(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def as_toml(matrix: TreatmentMatrix) -> str:
    """Return a matrix as the catalogue keeps it."""
    lines = [f"{k} = {_toml(getattr(matrix, k))}" for k in ("id", "version", "source")]
    defaults = {f.name: f.default for f in msgspec.structs.fields(MatrixRow)}
    for row in matrix.rows:
        values = ((name, getattr(row, name)) for name in COLUMNS)
        lines += ["", "[[rows]]", *(f"{k} = {_toml(v)}" for k, v in values if v != defaults[k])]
    return "\n".join(lines) + "\n"


def _toml(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
