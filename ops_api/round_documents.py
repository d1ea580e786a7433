"""Today's rounds and where lorries are on them, as documents for programs. Nobody's name is in them.

What people wrote (``reasons``) is for the service alone.
"""

from __future__ import annotations

from datetime import datetime, tzinfo
from typing import Any

from rules.core.crew.model import LorryProgress, StopNow
from rules.core.rounds.model import Place
from rules.core.rounds.plan import RoundPlan
from rules.rounds.following import DayNow
from rules.rounds.ports import Rounds


def day_document(now: DayNow, zone: tzinfo, *, reasons: bool = False) -> dict[str, Any]:
    """Return today's rounds as they are."""
    return {
        **plan_document(now.rounds, zone, reasons=reasons),
        "at": _at(now.now_s, zone),
        "out_of_service": [
            {"lorry": name, "since": _at(said.at_s, zone), "reason": said.reason if reasons else ""}
            for name, said in sorted(now.out.items())
        ],
        "lorries": [lorry_document(now, p, zone, reasons=reasons) for p in now.progress.values()],
    }


def plan_document(rounds: Rounds, zone: tzinfo, *, reasons: bool = False) -> dict[str, Any]:
    """Return a plan without its stops."""
    plan = rounds.plan
    return {
        "version": rounds.version, "day": rounds.day, "after": rounds.after, "made_at": _at(rounds.at_s, zone),
        "via": rounds.via, "role": rounds.role, "reason": rounds.reason if reasons else "", "bins": len(plan.lorry_of),
        "km": round(plan.metres / 1000.0, 3), "lorries_gbp": plan.costs.lorries_gbp, "left_gbp": plan.costs.left_gbp,
        "notes": list(plan.notes), "not_collected": _left(plan),
    }  # fmt: skip


def _left(plan: RoundPlan) -> list[dict[str, Any]]:
    return [
        {"bin_id": n.bin_id, "must": n.must, "code": n.code, "why": n.why, "p_overflow": n.p_overflow}
        for n in plan.not_collected
    ]


def lorry_document(now: DayNow, p: LorryProgress, zone: tzinfo, *, reasons: bool = False) -> dict[str, Any]:
    """Return where a lorry is, with its stops."""
    day_s = now.rounds.plan.day_s

    def at(s: int | None) -> str | None:
        return None if s is None else _at(day_s + s, zone)

    return {
        "lorry": p.lorry_id, "version": p.version, "phase": p.phase, **_place(p.place), "seen_at": at(p.seen_s),
        "load_kg": round(p.load_kg, 1), "load_l": round(p.load_l, 1), "driven_s": p.driven_s, "worked_s": p.worked_s,
        "began_at": at(p.began_s), "next": p.next, "behind_s": p.behind_s, "back_at": at(p.ends_s), "bins": p.bins_n,
        "done": p.done_n, "skipped": p.skipped_n, "out_of_service": p.lorry_id in now.out,
        "stops": [stop_document(now, s, zone, reasons=reasons) for s in p.stops],
        "earlier": [stop_document(now, s, zone, reasons=reasons) for s in p.earlier],
    }  # fmt: skip


def stop_document(now: DayNow, s: StopNow, zone: tzinfo, *, reasons: bool = False) -> dict[str, Any]:
    """Return a stop as it is; of a bin with why it is in the round."""
    day_s, known = now.rounds.plan.day_s, now.candidates.get(s.ref) if s.kind == "bin" else None

    def at(t: int | None) -> str | None:
        return None if t is None else _at(day_s + t, zone)

    return {
        "index": s.index, "kind": s.kind, "ref": s.ref, **_place(s.place), "state": s.state, "planned_at": at(s.planned_s),
        "expected_at": at(s.expected_s), "at": at(s.at_s), "what": s.what, "reason": s.reason if reasons else "", "by": s.by,
        "must": None if known is None else known.must, "why": "" if known is None else known.why,
    }  # fmt: skip


def _place(place: Place | None) -> dict[str, float | None]:
    return {
        "latitude_deg": None if place is None else place.latitude_deg,
        "longitude_deg": None if place is None else place.longitude_deg,
    }


def _at(s: float, zone: tzinfo) -> str:
    return datetime.fromtimestamp(s, zone).isoformat(timespec="seconds")
