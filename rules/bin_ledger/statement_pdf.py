"""A statement as a tagged PDF, set as the reports of evidence packs are."""

from __future__ import annotations

from datetime import datetime
from importlib import resources
from typing import Any

from rules.evidence.pdf import set_pdf


def make_statement(document: Any, made_at: datetime) -> bytes:
    """Return the PDF; the same bytes for the same arguments. ``document``: as from ``rules.core.bin_ledger.paper``."""
    template = resources.files("rules.bin_ledger").joinpath("statement.typ").read_text(encoding="utf-8")
    return set_pdf(template, document, {}, made_at)
