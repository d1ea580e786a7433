"""Shared homes as programs get them: REST and ``--json`` alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ops_api.housing.clocks import Clock
from ops_api.housing.listing import SharedHome
from ops_api.housing.reading import Looked

CLOCK = ("case_id", "kind", "hazard", "where", "step", "due", "left", "answer")
HOME = ("home_id", "label", "ward", "risk", "since", "why", "cause", "confidence", "as_of", "completeness")


def clock_document(clock: Clock) -> dict[str, Any]:
    """Return a clock."""
    return {name: getattr(clock, name) for name in CLOCK}


def home_document(home: SharedHome) -> dict[str, Any]:
    """Return a home."""
    return {
        **{name: getattr(home, name) for name in HOME},
        "shares": list(home.shares),
        "risk_now": home.now,
        "risk_weeks": home.weeks_say,
        "risk_index": home.index,
        "quality": list(home.quality),
        "cases": [clock_document(c) for c in home.clocks],
    }


def document(shown: Sequence[SharedHome], found: Looked) -> dict[str, Any]:
    """Return homes in the order given, and what belongs to the whole list."""
    return {
        "homes": [home_document(h) for h in shown],
        "other_cases": [clock_document(c) for c in found.others],
        "not_shared": found.not_shared,
    }
