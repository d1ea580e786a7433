"""The rules as their page shows them. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from ops_api.rules_text import leaves
from ops_api.web import words
from ops_api.web.alarms_view import GROUPS
from ops_api.web.work_view import RULES

Row = Mapping[str, Any]

NAMES: Mapping[str, str] = {
    "bins.overflow": "How long bins overflow",
    "bins.forecast": "When bins will be full",
    "bins.round": "Bins that must go today",
}
"""Of rules that raise no alarm and open no work."""
_DONE = {
    "shipped": "came with the software and became live",
    "promoted": "was made live",
    "back": "was made live again",
    "stored": "was stored",
    "shadow": "went into shadow",
    "shadow_end": "left the shadow",
    "completed": "became live, completed with rules that came with the software",
}


def page(
    rules: Sequence[Row], live: Row | None, history: Sequence[Row], now: datetime, zone: ZoneInfo
) -> dict[str, Any]:
    """Return the content of the page.

    Args:
        rules: as the interface gives them.
        live: the catalogue that runs; None before the rules first ran.
        history: what was done with catalogues, newest first.
        now: of the town.
        zone: of the council.
    """
    return {
        "rules": [
            {**r, "name": _name(r["id"]), "figures": figures(r), "overrides": overrides(r, now, zone)}
            for r in rules
        ],
        "live": live,
        "history": [_event(e, now, zone) for e in history],
    }


def _name(rule_id: str) -> str:
    """Return what a rule finds, as the pages of alarms and of work call it."""
    return GROUPS.get(rule_id) or RULES.get(rule_id) or NAMES.get(rule_id, "")


def figures(rule: Row) -> list[tuple[str, str]]:
    """Return the figures of a rule, each with its path as overrides name it."""
    found = [*leaves(rule["parameters"], "parameters"), *leaves(rule["alarm"] or {}, "alarm")]
    return [(path, shown(value)) for path, value in found]


def shown(value: Any) -> str:
    """Return a figure for a person, as exact as it is."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return f"{value:g}".replace("-", words.MINUS) if abs(value) < 1e5 else f"{value:,.0f}"
    if isinstance(value, list):
        return ", ".join(shown(v) for v in value)
    return str(value)


def overrides(rule: Row, now: datetime, zone: ZoneInfo) -> list[dict[str, str]]:
    """Return the overrides of a rule that still count or will, in words."""
    found = []
    for o in rule["overrides"]:
        until = min(o["expires_at"], o["withdrawn_at"] or o["expires_at"])
        if until <= now:
            continue
        found.append(
            {
                "what": f"{o['path']} is {shown(o['value'])} for {_scope(o)}",
                "when": f"until {words.day_and_clock(until, zone, now)}"
                + ("" if o["in_use"] else ", as soon as the rules have seen it"),
                "who": f"{o['author']}: {o['reason']}",
            }
        )
    return found


def _scope(o: Row) -> str:
    return str(o["scope"]) if o["scope"] == "a home" else f"{o['scope_kind']} {o['scope']}"


def _event(e: Row, now: datetime, zone: ZoneInfo) -> dict[str, Any]:
    return {
        "at": words.day_and_clock(e["at"], zone, now),
        "text": f"Catalogue {e['catalogue_id']} ({e['label']}) {_DONE.get(e['what'], e['what'])}",
        "by": e["by"],
        "reason": e["reason"],
    }
