"""A route card as a tagged PDF, set as the reports of evidence packs are."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from rules.evidence.card_pdf import set_card


def make_card(document: Any, made_at: datetime) -> bytes:
    """Return the card; the same bytes for the same arguments. ``document``: as from ``rules.core.cab.paper``."""
    return set_card("rules.winter.fleet", document, made_at)
