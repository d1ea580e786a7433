"""A file of lorries, depots and tips, checked: what is wrong in words, and what is allowed."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from rules.core.fleet.roster import NAME
from rules.core.rounds.fleet import RoundFleet, RoundLorry


def fleet_from(content: object) -> RoundFleet:
    """Return the fleet in a TOML or JSON document that was read already.

    Raises:
        ValueError: it is none, in words.
    """
    try:
        return checked(msgspec.convert(content, RoundFleet))
    except msgspec.ValidationError as error:
        raise ValueError(f"lorries: {error}") from error


def checked(fleet: RoundFleet) -> RoundFleet:
    """Return the fleet itself; ValueError naming what is wrong and what is allowed."""
    for what, entries in (("depot", fleet.depot), ("tip", fleet.tip), ("lorry", fleet.lorry)):
        _check_ids(what, [e.id for e in entries])
    _once("device", [lorry.reports_as for lorry in fleet.lorry])
    for tip in fleet.tip:
        if tip.opens_s > tip.closes_s:
            raise ValueError(f"tip {tip.id}: opens at {tip.opens}, after it closes at {tip.closes}")
        _at_least(f"tip {tip.id}", tip, ("unload_min",), 0.0)
    for lorry in fleet.lorry:
        _check_lorry(fleet, lorry)
    s = fleet.settings
    _at_least("settings", s, ("rho_gbp", "must_gbp", "change_gbp", "attach_m"), 0.0)
    _at_least("settings", s, ("right_s", "left_s", "straight_s", "turn_round_s"), 0.0)
    for stream, density in s.kg_per_l.items():
        if not 0.0 < density <= 2.0:
            raise ValueError(f"settings: kg_per_l of {stream} is {density}; allowed: above 0, at most 2")
    if not 0.0 < s.driving_share <= 2.0:
        raise ValueError(f"settings: driving_share is {s.driving_share}; allowed: above 0, at most 2")
    return fleet


def _check_lorry(fleet: RoundFleet, lorry: RoundLorry) -> None:
    where, depots = f"lorry {lorry.id}", {d.id for d in fleet.depot}
    for name in (lorry.depot, lorry.home):
        if name not in depots:
            raise ValueError(f"{where}: no depot {name!r}; there are {', '.join(sorted(depots))}")
    _above_0(where, lorry, ("max_kg", "body_m3", "compaction", "hours", "weight_t", "height_m", "width_m"))
    _at_least(where, lorry, ("overtime_hours", "gbp_day", "gbp_km", "gbp_h", "gbp_overtime_h"), 0.0)
    if lorry.start_s < 0 or lorry.hours > 24.0:
        raise ValueError(f"{where}: a shift of {lorry.hours} hours; allowed: at most 24")
    if not lorry.streams:
        raise ValueError(f"{where}: takes no stream")
    if not fleet.tips_of(lorry):
        raise ValueError(f"{where}: no tip takes all of {', '.join(lorry.streams)}")


def _check_ids(what: str, ids: list[str]) -> None:
    if not ids:
        raise ValueError(f"lorries: there is no {what}")
    _once(what, ids)
    for name in ids:
        if not NAME.fullmatch(name):
            raise ValueError(f"{what} {name!r}: allowed in an id: letters, digits, blank, . _ -, at most 64")


def _once(what: str, names: list[str]) -> None:
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"lorries: {what} {name} is there twice")


def _at_least(where: str, entry: msgspec.Struct, names: Iterable[str], least: float) -> None:
    for name in names:
        if not least <= getattr(entry, name) < float("inf"):
            raise ValueError(f"{where}: {name} is {getattr(entry, name)}; allowed: {least:g} or more")


def _above_0(where: str, entry: msgspec.Struct, names: Iterable[str]) -> None:
    for name in names:
        if not 0.0 < getattr(entry, name) < float("inf"):
            raise ValueError(f"{where}: {name} is {getattr(entry, name)}; allowed: above 0")
