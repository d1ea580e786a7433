"""From the engine's stored decision to what an officer is asked."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec import UNSET, UnsetType

from rules.core.effects import num
from rules.core.winter_orders.in_time import in_time
from rules.core.winter_orders.model import NO_TREATMENT, Proposal, Treatment


def asks(outcome: str) -> bool:
    """Whether a decision with this outcome asks somebody for an answer."""
    return outcome not in NO_TREATMENT


def proposal_of(
    *,
    decision_id: int,
    route_id: str,
    at_s: float,
    outcome: str,
    reason: str,
    rule_version: int,
    catalogue_id: int | None,
    inputs: Mapping[str, Any],
    result: Mapping[str, Any],
) -> Proposal:
    """Return a decision as a proposal."""
    return Proposal(
        decision_id=decision_id, route_id=route_id, at_s=at_s, outcome=outcome, reason=reason,
        treatment=_treatment(result, at_s), rule_version=rule_version, catalogue_id=catalogue_id,
        forecast=forecast_words(inputs), sha256=frozen(inputs, result),
        treated=int(result.get("treated_segments") or 0) > 0,
    )  # fmt: skip


def forecast_words(inputs: Mapping[str, Any]) -> str:
    """Return which road forecast a decision saw; empty where it saw none."""
    seen = inputs.get("road_forecast")
    if not isinstance(seen, Mapping) or not seen.get("issued_at"):
        return ""
    said = f"issued {seen['issued_at']}, {seen.get('weather') or 'weather not said'}"
    return said if seen.get("used", True) else f"{said}, too old to be used"


def frozen(inputs: Mapping[str, Any], result: Mapping[str, Any]) -> str:
    """Return the hash of what a decision saw and said: the same for the same rows."""
    text = json.dumps([inputs, result], sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _treatment(result: Mapping[str, Any], at_s: float) -> Treatment | None:
    drive = result.get("drive") or {}
    driven = {leg["segment_id"] for leg in drive.get("legs", ()) if leg.get("treat")}
    segments = tuple(sorted(driven | set(drive.get("unreachable") or ())))
    rate = float(result.get("spread_rate_g_m2") or 0.0)
    if not segments or rate <= 0.0:
        return None
    call_out_s, leave_s = _at(result.get("call_out_by")), _at(result.get("leave_by"))
    leaves_s = call_out_s if leave_s is None else leave_s
    wanted_s = _at(result.get("treat_by"))
    done_s = wanted_s if result.get("done_by") is None else _at(result["done_by"])
    asked = Treatment(
        g_m2=rate, passes=int(result.get("passes") or 1), segments=segments,
        start_s=leaves_s, by_s=done_s,
        plough=result.get("action") == "plough", call_out_s=UNSET if call_out_s is None else call_out_s,
        not_before_s=_after_rain(_at(result.get("not_before")), leaves_s),
        wanted_s=UNSET if wanted_s is None or wanted_s == done_s else wanted_s,
    )  # fmt: skip
    return in_time(asked, at_s)  # decisions from before said times that were over


def _after_rain(ends_s: float | None, leaves_s: float | None) -> float | UnsetType:
    """Return when the rain is over, where a lorry that waits for it is still in time."""
    return UNSET if ends_s is None or leaves_s is None or ends_s > leaves_s else ends_s


def _at(text: str | None) -> float | None:
    return None if text is None else num(datetime.fromisoformat(text).timestamp(), 3)
