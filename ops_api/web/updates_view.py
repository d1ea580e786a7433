"""Roll-outs of updates in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from ops_api.updates_text import nobody_words, stage_words
from ops_api.web import words

Row = Mapping[str, Any]

REASONS = {
    "starts": "The new version crashed or hung at its start",
    "sensors": "The new version did not read a sensor that the old one read",
    "connection": "The new version did not reach the broker",
    "receipt": "No reading of the new version reached the server",
    "signature": "The signature was not of a key that the device knows",
    "damaged": "The bundle came damaged again and again",
    "space": "Too little room on the card",
    "card": "The card could not be written",
    "older": "It had a newer version already",
    "kind": "It is for another kind of device",
    "machine": "It is for another sort of machine",
    "needs": "It needs another version before",
    "expired": "The bundle had expired",
    "key": "The device has no list of keys",
    "broken": "The new version was not whole at its start",
    "person": "Taken back by a person at the device",
}
BADGES = {"running": "info", "halted": "critical", "finished": "info", "cancelled": "warning"}
DONE = {
    "started": "started it",
    "stage": "began the next stage",
    "halted": "halted it",
    "resumed": "let it go on",
    "cancelled": "cancelled it",
    "finished": "finished it",
}


def reason_words(code: str) -> str:
    """Return why devices failed, for a person."""
    return REASONS.get(code, code or "Not said")


def rollout(row: Row, zone: ZoneInfo, now: datetime) -> dict[str, Any]:
    """Return a roll-out as its line shows it."""
    counts, stages = row["counts"], row["stages"]
    offered = sum(counts.values())
    nobody = nobody_words(row)
    # One that ended and runs nowhere is no success.
    empty = row["state"] == "finished" and not counts.get("confirmed") and not counts.get("passed")
    return {
        "number": row["rollout_id"],
        "title": f"{row['name']} {row['version']}",
        "state": row["state"],
        "badge": "critical" if empty or (nobody and not offered) else BADGES[row["state"]],
        "state_said": "ended, nobody runs it" if empty else row["state"],
        "nobody": _sentence(nobody),
        "reason": "" if nobody == row["reason"] else row["reason"],
        "stage": f"stage {row['stage'] + 1} of {len(stages)}, {stage_words(stages[row['stage']])}",
        "confirmed": counts.get("confirmed", 0),
        "failed": counts.get("failed", 0),
        "offered": offered,
        "for_whom": ", ".join([*row["devices"], *row["groups"], *row["kinds"]])
        or "all devices that it is for",
        "halt_at": f"{row['limits'].get('halt_at', 0) * 100:g} %",
        "begun": words.day_and_clock(row["created_at"], zone, now),
        "open": row["state"] in ("running", "halted"),
    }


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"


def headline(shown: Sequence[Row]) -> str:
    """Return the answer to "is an update going on, and does it go well"."""
    halted = [r for r in shown if r["state"] == "halted"]
    none = [r for r in shown if r["nobody"] and r["open"] and not r["offered"]]
    if none:
        return f"Nobody was offered the update to {none[0]['title']}"
    if halted:
        return f"The update to {halted[0]['title']} is halted: {halted[0]['failed']} of {halted[0]['offered']} devices failed"
    running = [r for r in shown if r["state"] == "running"]
    if not running:
        return "No update is going on"
    r = running[0]
    more = f", and {len(running) - 1} more" if len(running) > 1 else ""
    return f"{r['title']}: {r['confirmed']} of {r['offered']} devices run it, {r['failed']} failed{more}"


def _when(n: int, at: int, state: str) -> str:
    """Return when stage ``n`` of a roll-out in ``state`` is, that is at stage ``at``."""
    if n < at or state == "finished":
        return "over"
    if n == at:
        return "now" if state == "running" else state
    return "not begun" if state == "cancelled" else "to come"


def stages(row: Row, counted: Sequence[Row]) -> list[dict[str, Any]]:
    """Return the stages with how their devices stand."""
    by: dict[int, dict[str, int]] = {}
    for one in counted:
        by.setdefault(one["stage"], {})[one["state"]] = one["devices"]
    return [
        {
            "words": stage_words(stage),
            "when": _when(n, row["stage"], row["state"]),
            "confirmed": by.get(n, {}).get("confirmed", 0),
            "failed": by.get(n, {}).get("failed", 0),
            "going": sum(v for k, v in by.get(n, {}).items() if k not in ("confirmed", "failed", "passed")),
        }
        for n, stage in enumerate(row["stages"])
    ]


def device(row: Row, zone: ZoneInfo, now: datetime) -> dict[str, Any]:
    """Return a device as its line shows it."""
    code, _, said = row["reason"].partition(": ")
    return {
        "name": row["device"],
        "kind": row["kind"],
        "state": row["state"],
        "attempt": row["attempt"],
        "why": f"{reason_words(code)}{f' ({said})' if said else ''}" if row["state"] == "failed" else "",
        "when": words.day_and_clock(row["changed_at"], zone, now),
    }


def event(row: Row, zone: ZoneInfo, now: datetime) -> dict[str, Any]:
    """Return what somebody did, in words."""
    return {
        "when": words.day_and_clock(row["at"], zone, now),
        "who": "The platform" if row["via"] == "service" else f"Somebody ({row['by']})",
        "what": DONE.get(row["what"], row["what"]),
        "why": row["detail"].get("reason", ""),
    }
