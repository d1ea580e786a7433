"""Proposals and routes for the tests of the officer's desk."""

from __future__ import annotations

from typing import Any

from rules.core.effects import iso
from rules.core.winter_orders.model import NO_TREATMENT, Proposal, Route
from rules.core.winter_orders.proposals import proposal_of
from tests.fakes.rules_town import START

R1 = Route(route_id="r1", label="Route 1", segments=("s0", "s1", "s2"))
R2 = Route(route_id="r2", label="Route 2", segments=("s3", "s4"))
FORECAST = {"issued_at": "2026-01-09T14:30:00Z", "weather": "weather forecast", "used": True}
SAID = "issued 2026-01-09T14:30:00Z, weather forecast"
CALL_OUT_S = 3600.0
"""The crew is called so long after a proposal [s]; the lorry leaves ..."""
LEAVE_S = CALL_OUT_S + 1200.0
"""... so long after it."""


def decision(
    number: int,
    at_s: float = 0.0,
    outcome: str = "treat",
    route_id: str = "r1",
    segments: tuple[str, ...] = ("s0", "s2"),
    rate: float = 10.0,
) -> Proposal:
    """A decision made ``at_s`` seconds after START, as it is read from its row."""
    return proposal_of(**row(number, at_s, outcome, route_id, segments, rate))


def row(
    number: int,
    at_s: float = 0.0,
    outcome: str = "treat",
    route_id: str = "r1",
    segments: tuple[str, ...] = ("s0", "s2"),
    rate: float = 10.0,
) -> dict[str, Any]:
    """The same as a row."""
    treats = outcome not in (*NO_TREATMENT, "refer")
    legs = [{"segment_id": s, "street": s, "treat": True, "length_m": 220.0} for s in segments]
    result: dict[str, Any] = {
        "outcome": outcome,
        "spread_rate_g_m2": rate if treats else 0.0,
        "passes": 1,
        "call_out_by": _iso(at_s + CALL_OUT_S) if treats else None,
        "leave_by": _iso(at_s + LEAVE_S) if treats else None,
        "treat_by": _iso(at_s + 2 * CALL_OUT_S) if treats else None,
        "drive": {"km": 1.0, "legs": legs if treats else [], "unreachable": []},
    }
    return {
        "decision_id": number, "route_id": route_id, "at_s": START + at_s, "outcome": outcome,
        "reason": f"Because of {outcome}.", "rule_version": 2, "catalogue_id": None,
        "inputs": {"road_forecast": FORECAST, "segments": [{"segment_id": s} for s in segments]}, "result": result,
    }  # fmt: skip


def _iso(at_s: float) -> str:
    found = iso(START + at_s)
    assert found is not None
    return found
