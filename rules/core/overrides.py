"""Parameters that are other ones for one device, bin, home, segment or route, for a time.

An override counts in event time, from its start to its end, and takes effect at full minutes:
what is evaluated or read between two of them sees the one before. So the same readings give the
same results however they are cut into steps, and a replay sees the overrides of then.
"""

from __future__ import annotations

import copy
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from rules.core.parameters import Catalogue, EmptyingParameters

TICK_S = 60.0
LONGEST_S = 400 * 86_400.0
"""An override ends at the latest so long after it starts [s]."""

ScopeKind = Literal["device", "bin", "home", "segment", "route"]

ALARM = ("alarm.levels", "alarm.dwell")
EMPTYING_OF_A_BIN = tuple(
    name for name in EmptyingParameters.__struct_fields__ if name not in ("lorry_m", "stop_m_s")
)
"""Lorries are looked for near all bins at once."""
SCOPES: Mapping[str, tuple[ScopeKind, tuple[str, ...]]] = {
    "damp.surface_humidity": (
        "home",
        ("parameters.raise_pct", "parameters.clear_pct", "parameters.watch_pct", "parameters.device_age_s", *ALARM),
    ),
    "damp.surface_band": ("home", ("parameters",)),
    "damp.mould": ("home", ("parameters",)),
    "damp.moisture_events": ("device", ("parameters.room", "parameters.rise.rise_g_m3", "parameters.drying")),
    "damp.cause": ("home", ("parameters",)),
    "damp.advice": ("home", ("parameters",)),
    "damp.sensor": ("device", ("parameters",)),
    "bins.full": (
        "bin",
        (
            "parameters.threshold_pct", "parameters.hysteresis_pct", "parameters.overflow_pct", "parameters.filter",
            *(f"parameters.emptying.{name}" for name in EMPTYING_OF_A_BIN), "alarm.levels",
        ),
    ),
    "bins.overflow": ("bin", ("parameters",)),
    "bins.tilted": ("bin", ALARM),
    "bins.blocked": ("bin", ALARM),
    "bins.not_emptied": ("bin", ("parameters", *ALARM)),
    "bins.contaminated": ("bin", ALARM),
    "bins.forecast": ("bin", ("parameters.alpha", "parameters.sensitive_alpha")),
    "winter.gritting": (
        "route",
        tuple(
            f"parameters.{name}"
            for name in (
                "action_c", "hoar_margin_c", "release_c", "air_margin_c", "horizon_h", "redecide_s",
                "respond_s", "join_c", "join_h", "light_snow_mm", "plough_snow_mm", "selective",
                "spread.spreading_km_h", "spread.driving_km_h", "spread.turn_out_min", "spread.limit_min",
                "spread.reserve_min", "dose", "cost",
            )
        ),
    ),
    "winter.hoar_frost": ("segment", ALARM),
    "winter.ice": ("segment", ALARM),
    "device.silent": ("device", ("parameters.intervals", "parameters.at_least_s", *ALARM)),
}  # fmt: skip
"""Per rule: what it can be overridden for, and the parameters that it reads per subject."""


class OverrideError(ValueError):
    """An override that can't be: its text says what is allowed."""


class Override(msgspec.Struct, frozen=True, kw_only=True):
    """One parameter of one rule for one subject, from ``starts_s`` to ``until_s`` of event time.

    ``scope``: the subject as the engine names it.
    """

    override_id: int
    rule_id: str
    path: str
    scope_kind: ScopeKind
    scope: str
    value: Any
    author: str
    reason: str
    starts_s: float
    expires_s: float
    withdrawn_s: float | None = None

    @property
    def until_s(self) -> float:
        """When it ends [s since 1970]."""
        return self.expires_s if self.withdrawn_s is None else min(self.expires_s, self.withdrawn_s)


def field_of(catalogue: Catalogue, rule_id: str) -> str:
    """Return the catalogue's field of a rule.

    Raises:
        OverrideError: there is no such rule.
    """
    fields = [f for f in catalogue.__struct_fields__ if getattr(catalogue, f).id == rule_id]
    if not fields:
        known = ", ".join(sorted(getattr(catalogue, f).id for f in catalogue.__struct_fields__))
        raise OverrideError(f"there is no rule {rule_id!r}; rules: {known}")
    return fields[0]


def with_value(catalogue: Catalogue, rule_id: str, path: str, value: Any) -> Catalogue:
    """Return the catalogue with one parameter of one rule replaced; the rule's limits hold.

    Raises:
        OverrideError: no such rule or parameter, or the value is not allowed.
    """
    field = field_of(catalogue, rule_id)
    raw = msgspec.to_builtins(getattr(catalogue, field))
    _put(raw, path, value)
    kind = next(f.type for f in msgspec.structs.fields(Catalogue) if f.name == field)
    try:
        return msgspec.structs.replace(catalogue, **{field: msgspec.convert(raw, type=kind)})
    except msgspec.ValidationError as e:
        what, _, _ = str(e).partition(" - at `$")
        raise OverrideError(f"{rule_id}: {path} = {value!r}: {what[0].lower()}{what[1:]}") from e


def _put(raw: Any, path: str, value: Any) -> None:
    *way, last = (int(p) if p.isdecimal() else p for p in path.split("."))
    table = raw
    try:
        for part in way:
            table = table[part]
        table[last]
    except (KeyError, IndexError, TypeError) as e:
        there = ", ".join(map(str, table)) if isinstance(table, dict) else "none"
        raise OverrideError(f"there is no parameter {path!r}; there: {there}") from e
    table[last] = value


def check_scope(rule_id: str, path: str, scope_kind: str) -> None:
    """Raise OverrideError where a rule does not read this parameter per subject of this kind."""
    kind, paths = SCOPES.get(rule_id, (None, ()))
    if kind is None:
        raise OverrideError(
            f"{rule_id}: can't be overridden; rules that can: {', '.join(sorted(SCOPES))}. "
            "Others are changed in the catalogue"
        )
    if scope_kind != kind:
        raise OverrideError(f"{rule_id}: can be overridden for a {kind}, not for a {scope_kind}")
    if not any(path == p or path.startswith(p + ".") for p in paths):
        raise OverrideError(f"{rule_id}: {path!r} is the same for every {kind}; allowed: {', '.join(paths)}")


@dataclass(frozen=True, slots=True)
class _Course:
    """The catalogues of one subject in the course of time: ``catalogues[i]`` from ``edges_s[i]`` on."""

    edges_s: tuple[float, ...]
    catalogues: tuple[Catalogue, ...]

    def at(self, tick_s: float) -> Catalogue | None:
        """Return the catalogue at a tick, None before the first edge."""
        i = bisect_right(self.edges_s, tick_s) - 1
        return None if i < 0 else self.catalogues[i]


@dataclass(frozen=True, slots=True)
class Overrides:
    """All overrides, prepared for a catalogue. Build with :func:`prepare`.

    ``refused``: those that the catalogue can't take (any more), with the reason.
    """

    courses: Mapping[tuple[str, str], _Course]
    refused: tuple[tuple[Override, str], ...] = ()

    def at(self, scope_kind: str, scope: str, at_s: float) -> Catalogue | None:
        """Return the subject's catalogue at a time of event time, None where it is everybody's."""
        course = self.courses.get((scope_kind, scope))
        return None if course is None else course.at(at_s // TICK_S * TICK_S)

    def subjects(self, scope_kind: str) -> tuple[str, ...]:
        """Return the subjects of a kind that have overrides at some time."""
        return tuple(scope for kind, scope in self.courses if kind == scope_kind)


NONE = Overrides({})


def prepare(catalogue: Catalogue, overrides: Iterable[Override]) -> Overrides:
    """Return overrides ready to be looked up; of several for one parameter the latest made wins."""
    usable: dict[tuple[str, str], list[Override]] = {}
    refused = []
    for o in sorted(overrides, key=lambda o: o.override_id):
        try:
            check_scope(o.rule_id, o.path, o.scope_kind)
            with_value(catalogue, o.rule_id, o.path, copy.deepcopy(o.value))
        except OverrideError as e:
            refused.append((o, str(e)))
            continue
        usable.setdefault((o.scope_kind, o.scope), []).append(o)
    courses = {key: _course(catalogue, found, refused) for key, found in usable.items()}
    return Overrides(courses, tuple(refused))


def _course(catalogue: Catalogue, found: list[Override], refused: list[tuple[Override, str]]) -> _Course:
    edges = sorted({t for o in found for t in (o.starts_s, o.until_s)})
    return _Course(tuple(edges), tuple(_applied(catalogue, found, edge, refused) for edge in edges))


def _applied(
    catalogue: Catalogue, found: list[Override], at_s: float, refused: list[tuple[Override, str]]
) -> Catalogue:
    for o in found:
        if o.starts_s <= at_s < o.until_s:
            try:
                catalogue = with_value(catalogue, o.rule_id, o.path, copy.deepcopy(o.value))
            except OverrideError as e:  # two that do not go together
                refused.append((o, str(e)))
    return catalogue
