"""Explain an alarm from what is stored of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo

from rules.core.effects import Json
from rules.core.explain.catalogue_copy import CatalogueCopy, Figures
from rules.core.explain.changes import sentences, to_clear, would_differ
from rules.core.explain.model import Explanation, Limit, Shown
from rules.core.explain.shown import Qualities, of_readings, show, shown_as
from rules.core.explain.specs import SPECS, Spec, Threshold
from rules.core.explain.words import Clock, few, one_line, span, with_unit

MEMBERS_SHOWN = 6
UNNAMED = "a home"
"""What a home is called that is not to be told."""
UNTOLD = "What is measured in a home is shown to its household only."


def explain_alarm(
    alarm: Json,
    members: Sequence[Json],
    catalogue: CatalogueCopy,
    overrides: Sequence[Json],
    zone: tzinfo,
    now_s: float,
    qualities: Qualities | None = None,
) -> Explanation:
    """Return why an alarm is up, in words.

    Args:
        alarm: its row: rule_id, rule_version, subject_kind, subject, severity, title, reason, raised_at,
            cleared_at, inputs, and where they are stored held_since, would_change, would_differ,
            flapping. A home's must be masked: without inputs, and named only where it shares its risk.
        members: rows of alarm_member, the worst first, with ``label`` where people call it otherwise,
            and ``who`` where several have the same; empty for a single alarm.
        catalogue: the copy that raised it.
        overrides: rows of rule_override that held then for its subject.
        zone: times are said in it.
        now_s: as seen from then [s since 1970].
        qualities: of the readings, where somebody looked them up.
    """
    clock = Clock(zone, now_s)
    spec = SPECS.get(alarm["rule_id"], Spec((), ()))
    figures = Figures(catalogue, alarm["rule_id"], overrides, clock)
    inputs: Json = alarm.get("inputs") or {}
    up = [m for m in members if m.get("left_at") is None] or _last_of_each(members)
    shown = _of_members(up, spec, clock, qualities) if up else show(inputs, spec, clock, qualities)
    seen: list[Json] = [m.get("inputs") or {} for m in up] if up else [inputs]
    changes = sentences(alarm.get("would_change") or ())
    if not changes and alarm.get("cleared_at") is None:
        changes = to_clear(seen, spec, figures, is_flapping=bool(alarm.get("flapping")))
    since = alarm.get("held_since") or inputs.get("since") or alarm.get("raised_at")
    return Explanation(
        headline=alarm["title"],
        first_line=_first_line(alarm, inputs, up, spec),
        why=tuple(_why(alarm, clock)),
        members=tuple(_members(up, clock)),
        inputs=tuple(shown),
        limits=tuple(_limits(seen[0], spec, figures)),
        since=clock.at(since),
        would_change=tuple(changes),
        caveats=tuple(_caveats(alarm, shown, seen, clock)),
    )


def _of_members(
    members: Sequence[Json], spec: Spec, clock: Clock, qualities: Qualities | None
) -> list[Shown]:
    """Return what matters most of each member; everything where there is only one."""
    found = []
    for m in members[:MEMBERS_SHOWN]:
        inputs: Json = m.get("inputs") or {}
        known = [i for i in spec.inputs if inputs.get(i.key) is not None]
        of_it = known if len(members) == 1 else known[:1]
        found += [shown_as(i, inputs, clock, qualities, f"{_name(m)}: ") for i in of_it]
    return found


def _last_of_each(members: Sequence[Json]) -> list[Json]:
    """Return who was in a group, each as it last was: one that flaps was in it several times."""
    found: dict[object, Json] = {}
    for m in members:
        key = m.get("who", m["subject"])
        known = found.get(key)
        if known is None or m["joined_at"] > known["joined_at"]:
            found[key] = m
    return list(found.values())


def _name(member: Json) -> str:
    return str(member.get("label") or member["subject"])


def _first_line(alarm: Json, inputs: Json, members: Sequence[Json], spec: Spec) -> str:
    if members:
        were = "" if alarm.get("cleared_at") is None else "were "
        names = [name for m in members if (name := _name(m)) != UNNAMED]
        said = f", {few(names)}" if names else ""
        return one_line(f"{alarm['title']}: {len(members)} {were}in it{said}")
    main = next((i for i in spec.inputs if isinstance(inputs.get(i.key), int | float)), None)
    if main is None or main.key == "cadence_s":
        return one_line(alarm["title"])
    limit = next((t for t in spec.limits if inputs.get(t.key) is not None), None)
    against = "" if limit is None else f", {limit.name} {with_unit(inputs[limit.key], limit.unit)}"
    said = with_unit(inputs[main.key], main.unit, main.digits)
    return one_line(f"{alarm['title']}: {main.name} {said}{against}")


def _members(members: Sequence[Json], clock: Clock) -> list[str]:
    said = [
        f"{_name(m)} since {clock.at(m.get('joined_at'))}: {clock.said(m['reason'])}"
        for m in members[:MEMBERS_SHOWN]
        if m.get("reason")
    ]
    more = len(members) - MEMBERS_SHOWN
    return [*said, f"And {more} more."] if more > 0 else said


def _why(alarm: Json, clock: Clock) -> list[str]:
    said = [clock.said(alarm["reason"])]
    if alarm.get("cleared_at") is not None:
        said.append(f"It cleared {clock.at(alarm['cleared_at'])}.")
    return said


def _limits(inputs: Json, spec: Spec, figures: Figures) -> list[Limit]:
    return [limit for t in spec.limits if (limit := _limit(t, inputs, figures)) is not None]


def _limit(t: Threshold, inputs: Json, figures: Figures) -> Limit | None:
    value = inputs.get(t.key) if t.key else None
    if value is None:
        value = figures.value(t.paths, t.rule_id)
    if value is None:
        return None
    text = span(value) if t.is_span else with_unit(value, t.unit, 2)
    return figures.limit(t.name, text, t.paths, t.rule_id, t.source)


def _caveats(alarm: Json, shown: Sequence[Shown], seen: Sequence[Json], clock: Clock) -> list[str]:
    said = []
    if alarm["subject_kind"] == "home" and not shown:
        said.append(UNTOLD)
    if any(inputs.get("source") == "neighbour" for inputs in seen):
        said.append("Estimated from neighbouring sensors: a road here has no fresh reading of its own.")
    if alarm.get("flapping"):
        said.append("It came and went several times; it stays up until it has been calm.")
    return [*said, *of_readings(shown), *would_differ(alarm, clock)]
