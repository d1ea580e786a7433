"""The rules as they run, fed with a trial's readings: what they say of the bins is all that a policy knows."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from devices.registry import BinSite, Registry
from rules.core.bin_ledger.values import Emptied
from rules.core.bin_level.geometry import litres
from rules.core.context import Context
from rules.core.effects import Decision, Event, SubjectState
from rules.core.engine import step
from rules.core.memory import EngineState
from rules.core.readings import Readings
from rules.core.rounds.decided import candidates_of
from rules.core.rounds.policies import BinToday
from rules.core.rounds.settings import RoundSettings

DAY_S = 86_400.0
HOUR_S = 3600.0


class Watcher:
    """The engine with its memory.

    Args:
        ctx: what is installed; roads and other kinds may be left out of it: they say nothing of bins.
    """

    def __init__(self, ctx: Context) -> None:
        self.ctx = ctx
        self.emptied: list[Emptied] = []
        self._state = EngineState()
        self._said: dict[str, SubjectState] = {}
        self._codes: dict[str, str] = {}

    def take(self, readings: Readings, now_s: float) -> None:
        """Let the rules take readings; then it is ``now_s`` [s since 1970]."""
        self._state, effects = step(self._state, {"bin": readings}, now_s, self.ctx)
        for e in effects:
            if isinstance(e, SubjectState) and e.subject_kind == "bin":
                self._said[e.subject] = e
            elif isinstance(e, Decision) and e.rule_id == "bins.round":
                self._codes = {c["bin_id"]: c["code"] for c in e.result["candidates"] if c["must"]}
            elif isinstance(e, Event) and e.kind == "bin_emptied":
                self.emptied += _emptied(e)

    def bins_today(self, registry: Registry, settings: RoundSettings, now_s: float) -> list[BinToday]:
        """Return what is known of each bin; one that never said anything is known by its place alone."""
        rows = [self._row(site, now_s) for site in registry.bins]
        found, _ = candidates_of(rows, registry, settings)
        return [
            BinToday(c, row["fill_pct"], row["since_days"], row["due"], row["why"])
            for c, row in zip(found, rows, strict=True)
        ]

    def _row(self, site: BinSite, now_s: float) -> dict[str, Any]:
        told = self._said.get(site.bin_id)
        old_s = HOUR_S * self.ctx.catalogue.outlook.parameters.level_age_h
        said = {} if told is None or now_s - told.at_s > old_s else told.state
        ahead = said.get("outlook") or {}
        fill, risk = said.get("fill_pct"), ahead.get("p_overflow")
        expected = ahead.get("service_fill_pct") or fill
        due = bool(said.get("needs_collection", False))
        return {
            "bin_id": site.bin_id, "must": False, "due": due, "fill_pct": fill,
            "code": self._codes.get(site.bin_id, "must") if due else "may", "why": said.get("reason") or "",
            "p_overflow": float(due) if risk is None else risk, "litres": self._litres(site, expected),
            "since_days": _days_since(said.get("last_emptied_at"), now_s),
        }  # fmt: skip

    def _litres(self, site: BinSite, expected_pct: float | None) -> float | None:
        """Return what is expected in a bin [l], as the rules tell it of their candidates."""
        if expected_pct is None:
            return None
        shape = self.ctx.shape(site.bin_id, self.ctx.catalogue.full.parameters.filter)
        return litres(min(expected_pct, 100.0), shape) * max(1.0, expected_pct / 100.0)


def _emptied(e: Event) -> list[Emptied]:
    before, after = e.detail.get("before_pct"), e.detail.get("after_pct")
    if before is None or after is None:
        return []
    return [
        Emptied(
            bin_id=e.subject, t_s=e.at_s, before_pct=before, after_pct=after, confidence=e.detail["confidence"],
            evidence=tuple(e.detail["evidence"]),
        )
    ]  # fmt: skip


def _days_since(at: str | None, now_s: float) -> float | None:
    return None if at is None else (now_s - datetime.fromisoformat(at).timestamp()) / DAY_S
