"""Explain a decision from what is stored of it: a gritting route, a collection round."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import tzinfo

from rules.core.effects import Json
from rules.core.explain.catalogue_copy import CatalogueCopy, Figures
from rules.core.explain.changes import sentences, would_differ
from rules.core.explain.model import Explanation, Limit, Shown
from rules.core.explain.shown import Qualities, of_readings, quality_words
from rules.core.explain.winter import salt_limits, weighed
from rules.core.explain.words import Clock, few, number, one_line, with_unit
from rules.core.winter_orders.words import later_words

STRETCHES_SHOWN, BINS_SHOWN = 6, 12
STRETCH = {"minimum_c": "lowest expected", "surface_c": "surface now", "dew_point_c": "dew point"}
OUTCOMES = {
    "treat": "treat",
    "no_action": "no action",
    "monitor": "keep watching",
    "refer": "the duty officer decides",
    "collect": "collect",
}
ACTIONS = {"treat_twice": "treat twice", "plough": "plough and treat"}
"""What there is to do, where the outcome does not say it all."""


def explain_decision(
    decision: Json,
    catalogue: CatalogueCopy,
    overrides: Sequence[Json],
    zone: tzinfo,
    now_s: float,
    qualities: Qualities | None = None,
) -> Explanation:
    """Return why a decision is what it is, in words.

    Args:
        decision: its row: rule_id, rule_version, subject, outcome, reason, decided_at, inputs, result, and
            where they are stored expected, missing, missing_devices, would_change, would_differ.
        catalogue: the copy that decided.
        overrides: rows of rule_override that held then for its subject.
        zone: times are said in it.
        now_s: as seen from then [s since 1970].
        qualities: of the readings, where somebody looked them up.
    """
    clock = Clock(zone, now_s)
    figures = Figures(catalogue, decision["rule_id"], overrides, clock)
    is_round = decision["rule_id"] == "bins.round"
    seen, limits = (_bins, _round_limits) if is_round else (_stretches, _limits)
    shown = seen(decision["inputs"], clock, qualities)
    outcome = OUTCOMES.get(decision["outcome"], str(decision["outcome"]))
    outcome = ACTIONS.get(str(decision["result"].get("action")), outcome)
    name = "Collection round" if is_round else f"Route {decision['subject'].removeprefix('route-')}"
    return Explanation(
        headline=f"{name}: {outcome}, decided {clock.at(decision['decided_at'])}",
        first_line=_first_line(name, outcome, decision, clock),
        why=(clock.said(decision["reason"]),),
        inputs=tuple(shown),
        limits=tuple(limits(decision["inputs"], figures)),
        since=clock.at(decision["decided_at"]),
        would_change=tuple(sentences(decision.get("would_change") or ())),
        caveats=tuple(_caveats(decision, shown, clock)),
    )


def rows_of(inputs: Json, key: str) -> Sequence[Json]:
    """Return a list of objects among stored inputs; nothing where an older rule stored something else."""
    found = inputs.get(key)
    return [row for row in found if isinstance(row, Mapping)] if isinstance(found, list) else []


def _first_line(name: str, outcome: str, decision: Json, clock: Clock) -> str:
    r = decision["result"]
    if decision["outcome"] == "treat":
        by = clock.at(r.get("done_by") or r.get("treat_by"))
        late = f", {later_words(r['late_min'])}" if r.get("late_min") else ""
        passes = f"{r['passes']} × " if r.get("passes", 1) > 1 else ""
        return one_line(
            f"{name}: {'plough and ' if r.get('action') == 'plough' else ''}treat {r.get('segments_to_treat')} of {r.get('segments')} stretches at "
            f"{passes}{number(r.get('spread_rate_g_m2'), 0)} g/m²{_coldest(r)}"
            + ("" if by is None else f", by {by}{late}")
        )
    if decision["outcome"] == "collect":
        return one_line(f"{name}: {_musts_and_mays(r)}")
    return one_line(f"{name}: {outcome}{_coldest(r)}")


def _musts_and_mays(result: Json) -> str:
    """Return how many bins must go and how many may; a decision of before there were candidates has its stops only."""
    rows = result.get("candidates")
    musts = len(result.get("stops", ())) if rows is None else sum(bool(c["must"]) for c in rows)
    mays = 0 if rows is None else len(rows) - musts
    must = f"{musts} {'bin' if musts == 1 else 'bins'} must go"
    return must if mays == 0 else f"{must}, {mays} may"


def _coldest(result: Json) -> str:
    minimum = result.get("min_surface_temperature_c")
    return "" if minimum is None else f", lowest {with_unit(minimum, '°C')}"


def _stretches(inputs: Json, clock: Clock, qualities: Qualities | None) -> list[Shown]:
    """Return the stretches that mattered most: those to treat, the coldest first; then the town's weather."""

    def urgency(s: Json) -> tuple[bool, float]:
        minimum = s.get("minimum_c")
        return s.get("outcome") != "treat", 99.0 if minimum is None else float(minimum)

    urgent = sorted(rows_of(inputs, "segments"), key=urgency)
    found = [shown for s in urgent[:STRETCHES_SHOWN] for shown in _stretch(s, clock, qualities)]
    found += weighed(inputs, urgent)
    if inputs.get("air_temperature_c") is not None:
        found.append(Shown(name="air in the town", value=number(inputs["air_temperature_c"]), unit="°C"))
    if inputs.get("precipitation") is not None:
        found.append(Shown(name="precipitation", value=str(inputs["precipitation"]).replace("_", " ")))
    return found


def _stretch(s: Json, clock: Clock, qualities: Qualities | None) -> list[Shown]:
    device, at = s.get("device"), s.get("at")
    how = " (estimated)" if s.get("source") == "neighbour" else ""
    return [
        Shown(
            name=f"{s.get('street') or s['segment_id']}, {what}{how}", value=number(s[key]), unit="°C",
            at=clock.at(at), device=device, quality=quality_words(qualities, device, at),
        )
        for key, what in STRETCH.items()
        if s.get(key) is not None
    ]  # fmt: skip


def _bins(inputs: Json, clock: Clock, qualities: Qualities | None) -> list[Shown]:
    listed = rows_of(inputs, "bins")
    return [
        Shown(
            name=f"{b['bin_id']}, {b.get('why', 'on the list')}",
            value="unknown" if b.get("fill_pct") is None else number(b["fill_pct"], 0),
            unit="" if b.get("fill_pct") is None else "% full",
            at=clock.at(b.get("at")),
            device=b.get("device"),
            quality=quality_words(qualities, b.get("device"), b.get("at")),
        )
        for b in listed[:BINS_SHOWN]
    ]


def _limits(inputs: Json, figures: Figures) -> list[Limit]:
    found = [
        _limit("looked at from, lowest expected surface", inputs.get("action_c"), "action_c", "°C", figures),
        _limit("dew or frost point counts as reached within", None, "hoar_margin_c", "°C", figures),
        _limit("given up above the first by", None, "release_c", "°C", figures),
        _limit("looks ahead", inputs.get("horizon_h"), "horizon_h", "h", figures),
    ]
    matrix = str(inputs.get("matrix", "")).split(" ")[0]
    if matrix in figures.catalogue:
        text = f"matrix {inputs['matrix']}, {str(inputs.get('material', '')).replace('_', ' ')}"
        found.append(figures.limit("rate", text, (), matrix))
    found += salt_limits(inputs, figures)
    return [limit for limit in found if limit is not None]


def _round_limits(inputs: Json, figures: Figures) -> list[Limit]:
    each, value = "set for each bin", inputs.get("overflow_pct")
    found = [figures.limit("full from", "each bin's own threshold", (), source=each)]
    if value is not None:
        paths = ("parameters.overflow_pct",)
        found.append(figures.limit("overflowing from", with_unit(value, "%"), paths, "bins.full"))
    return [
        *found,
        figures.limit("or not emptied for longer than", "each bin's own age limit", (), source=each),
    ]


def _limit(name: str, stored: object, key: str, unit: str, figures: Figures) -> Limit | None:
    path = f"parameters.{key}"
    value = figures.value((path,)) if stored is None else stored
    return None if value is None else figures.limit(name, with_unit(value, unit, 2), (path,))


def _caveats(decision: Json, shown: Sequence[Shown], clock: Clock) -> list[str]:
    said = [*_without(decision), *_of_stretches(rows_of(decision["inputs"], "segments"))]
    return [*said, *of_readings(shown), *would_differ(decision, clock)]


def _without(decision: Json) -> list[str]:
    missing, expected = decision.get("missing"), decision.get("expected")
    if missing is None or expected is None or missing == 0:
        return []
    devices = list(decision.get("missing_devices") or ())
    whose = f" ({few(devices)})" if devices else ""
    return [f"Decided without {missing} of {expected} expected readings{whose}."]


def _of_stretches(segments: Sequence[Json]) -> list[str]:
    guessed = sum(s.get("source") == "neighbour" and s.get("surface_c") is not None for s in segments)
    blind = sum("surface_c" in s and s["surface_c"] is None for s in segments)
    said = []
    if guessed > 0:
        said.append(f"{guessed} of {len(segments)} stretches are estimated from neighbouring sensors.")
    if blind > 0:
        said.append(f"{blind} of {len(segments)} stretches had no fresh reading, their own or a neighbour's.")
    return said
