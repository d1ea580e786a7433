"""Alarms of which nobody is told while another one, which explains them, is up. Pure.

They are recorded; when the other is over, those that are still up are told.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

HELD_BACK_BY: Mapping[str, str] = {"device.silent": "platform.no_readings"}
"""Of a rule: the rule whose alarm holds its alarms back. After a silence of the whole town time
jumps, and every device that has not come back in that second is found silent."""

HOLDING = tuple(sorted(set(HELD_BACK_BY.values())))
"""The rules whose alarms hold others back."""

LOOK_AGAIN_S = 30.0
"""How often a held alarm looks whether it still is."""


def held_by(rule_id: str, up: Collection[str]) -> str | None:
    """Return the rule that holds a rule's alarms back, of those with an alarm ``up``; None where none does."""
    holder = HELD_BACK_BY.get(rule_id)
    return holder if holder in up else None
