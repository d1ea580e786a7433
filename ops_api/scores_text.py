"""The score of a night or a season, for terminals and programs."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import tzinfo
from typing import Any

import msgspec

from ops_api.terminal_text import escaped
from rules.core.winter_nights import in_words
from rules.core.winter_orders.words import moment
from rules.core.winter_scores.contingency import Counts, measures
from rules.core.winter_scores.leads import Errors, LeadErrors
from rules.core.winter_scores.night import NightScore
from rules.core.winter_scores.season import Season, together
from rules.core.winter_scores.service import Service

OUTCOME_WORDS = {
    "hit": "hit",
    "false_alarm": "false alarm",
    "miss": "miss",
    "correct_rejection": "correct rejection",
    "unknown": "not judged",
}
LEADS_SHOWN = (1, 2, 3, 6, 9, 12, 15, 18, 21, 24)


def night_document(score: NightScore) -> dict[str, Any]:
    """Return a night for programs: what is stored, and what is counted of it."""
    plain: dict[str, Any] = msgspec.to_builtins(score)
    return {
        **plain,
        "measures": msgspec.to_builtins(measures(score.counts)),
        "service": msgspec.to_builtins(together(r.service for r in score.routes)),
    }


def season_document(season: Season) -> dict[str, Any]:
    """Return a season for programs."""
    plain: dict[str, Any] = msgspec.to_builtins(season)
    routes = [
        {**msgspec.to_builtins(r), "measures": msgspec.to_builtins(measures(r.counts))} for r in season.routes
    ]
    return {**plain, "routes": routes, "measures": msgspec.to_builtins(measures(season.counts))}


def night_lines(score: NightScore, zone: tzinfo) -> list[str]:
    """Return a night, the answer first."""
    lines = [f"The {in_words(score.night).removeprefix('the ')}: {_counts(score.counts)}"]
    for r in score.routes:
        f = r.frost
        low = "not measured" if f.minimum_c is None else f"lowest {f.minimum_c:.1f} °C"
        frost = "" if f.from_s is None else f", frost from {moment(f.from_s, zone)} for {f.frost_h:.1f} h"
        warned = "no treatment asked for" if r.warned_s is None else f"asked for {moment(r.warned_s, zone)}"
        lines.append(f"  {OUTCOME_WORDS[r.outcome]:<18} {escaped(r.label)}: {low}{frost}; {warned}")
    lines += _forecast(score.leads, score.minimum)
    if score.below_zero is not None:
        skill = score.below_zero.skill
        said = "" if skill is None else f", skill {skill:.2f} against always saying how often it was so"
        lines.append(f"P(surface at or below 0 °C): Brier {score.below_zero.brier:.3f}{said}")
    return [*lines, *_service(together(r.service for r in score.routes)), *map(escaped, score.notes)]


def season_lines(season: Season) -> list[str]:
    """Return a season, the answer first."""
    if season.first is None or season.last is None:
        return ["no night of this time has a score: `cityops winter verify NIGHT` makes one"]
    nights = "1 night" if season.nights == 1 else f"{season.nights} nights"
    lines = [f"{nights} from {season.first} to {season.last}: {_counts(season.counts)}"]
    lines.append(
        f"nights with frost anywhere: {season.frost_nights}, with a wet or white frozen road: {season.hazard_nights}"
    )
    for r in season.routes:
        m = measures(r.counts)
        lines.append(
            f"  {escaped(r.label)}: {r.counts.hits} hits, {r.counts.misses} misses, {r.counts.false_alarms} false "
            f"alarms, {r.counts.correct_rejections} correct rejections; {_rates(m.pod, m.far, m.tss)}; salt {r.service.salt_t:.2f} t, by the fixed policy "
            f"{r.service.policy_t:.2f} t"
        )
    per = season.hazard_nights
    salt = [] if per == 0 else [f"salt per night with a hazard: {season.service.salt_t / per:.2f} t"]
    return [*lines, *_forecast(season.leads, season.minimum), *_service(season.service), *salt]


def _counts(counts: Counts) -> str:
    m = measures(counts)
    unknown = f", {counts.unknown} not judged" if counts.unknown else ""
    return (
        f"{counts.hits} hits, {counts.misses} misses, {counts.false_alarms} false alarms, "
        f"{counts.correct_rejections} correct rejections{unknown}; {_rates(m.pod, m.far, m.tss)}, n = {m.n}"
    )


def _rates(pod: float | None, far: float | None, tss: float | None) -> str:
    return f"POD {_two(pod)}, FAR {_two(far)}, TSS {_two(tss)}"


def _two(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def _forecast(leads: Iterable[LeadErrors], minimum: Errors | None) -> list[str]:
    lines = [
        f"surface temperature {e.lead_h:>2} h ahead: bias {e.errors.bias_c:+.2f} °C, RMSE {e.errors.rmse_c:.2f} °C (n = {e.errors.n})"
        for e in leads
        if e.lead_h in LEADS_SHOWN
    ]
    if minimum is not None:
        lines.append(
            f"lowest of the night, as forecast in the afternoon: bias {minimum.bias_c:+.2f} °C, RMSE "
            f"{minimum.rmse_c:.2f} °C (n = {minimum.n})"
        )
    return lines


def _service(s: Service) -> list[str]:
    pct = "–" if s.in_time_pct is None else f"{s.in_time_pct:.0f} %"
    late = f"late: {s.late_km:.1f} km, {s.late_km_min:.0f} km·min; not treated: {s.untreated_km:.1f} km"
    salt = f"salt: {s.salt_t:.2f} t, by the fixed policy {s.policy_t:.2f} t"
    return [
        f"treated before it froze: {s.in_time_km:.1f} of {s.due_km:.1f} km ({pct}); {late}",
        f"{salt}; hazard with something untreated: {s.untreated_hazard_h:.1f} h",
    ]
