"""A bins' statement as files: PDF, JSON, text, and rows as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from ops_api.ledger_text import lines
from rules.bin_ledger.statement_pdf import make_statement
from rules.core.bin_ledger import tables
from rules.core.bin_ledger.codec import Document
from rules.core.bin_ledger.making import facts_of
from rules.core.bin_ledger.paper import document


def content_of(found: Document, data: bytes, out: Path) -> dict[Path, bytes]:
    """Return what is written, by path: of ``.csv`` the bin-days, and the collections beside.

    Args:
        found: the statement's document; ``data``: as it came.
        data: see ``found``.
        out: the path that was asked for; its end says what.
    """
    if out.suffix == ".json":
        return {out: data}
    if out.suffix == ".txt":
        return {out: ("\n".join(lines(found.statement, found.digest)) + "\n").encode()}
    if out.suffix == ".pdf":
        return {out: paper(found)}
    facts = facts_of(found.inputs)
    beside = out.with_name(f"{out.stem}-collections.csv")
    return {out: _csv(tables.bin_days(facts)), beside: _csv(tables.collections(facts))}


def paper(found: Document) -> bytes:
    """Return the statement as a PDF: the same bytes for the same document."""
    made_at = datetime.fromisoformat(found.made_at)
    made = f"Made {made_at:%d %B %Y %H:%M} UTC by {found.by}."
    return make_statement(document(found.statement, found.digest, made), made_at)


def _csv(rows: Iterable[tables.Cells]) -> bytes:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue().encode()
