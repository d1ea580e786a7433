"""A route card as a tagged PDF, set as the reports of evidence packs are."""

from __future__ import annotations

from datetime import datetime
from importlib import resources
from typing import Any

from rules.evidence.pdf import set_pdf


def make_card(document: Any, made_at: datetime) -> bytes:
    """Return the card; the same bytes for the same arguments. ``document``: as from ``rules.core.cab.paper``."""
    template = resources.files("rules.winter.fleet").joinpath("card.typ").read_text(encoding="utf-8")
    return set_pdf(template, document, {}, made_at)
