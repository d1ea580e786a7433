"""A lorry's card as a tagged PDF: templates of cards read what they share as ``sheet.typ``."""

from __future__ import annotations

from datetime import datetime
from importlib import resources
from typing import Any

from rules.evidence.pdf import set_pdf

SHEET = "sheet.typ"


def set_card(package: str, document: Any, made_at: datetime) -> bytes:
    """Return a card set by ``card.typ`` of a package; the same bytes for the same arguments."""
    template = resources.files(package).joinpath("card.typ").read_text(encoding="utf-8")
    sheet = resources.files("rules.evidence").joinpath(SHEET).read_bytes()
    return set_pdf(template, document, {SHEET: sheet}, made_at)
