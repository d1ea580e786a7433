"""The platform's own alarms: what is watched, from when on it is too much, and what an operator is told.

They are rows of ``alerts.toml``. That the database does not answer is an alarm too.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Literal

import msgspec

ROWS = Path(__file__).with_name("alerts.toml")


class Alert(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One alarm of the platform.

    Attributes:
        name: stable; the rule's uid is ``cityops-<name>``, the runbook's anchor ``#<name>``.
        title: what is wrong, in words.
        sql: one row with one number; no macro.
        above: more than this is too much, in ``unit``.
        unit: of the number, for the reader.
        lasting: how long it must last (Grafana's duration).
        severity: label of the alarm.
        meaning: what it means and who notices, for who reads the message.
        on_error: what a query that fails makes of the rule.
    """

    name: str
    title: str
    sql: str
    above: float
    unit: str
    lasting: str
    severity: Literal["warning", "critical"]
    meaning: str
    on_error: Literal["Error", "Alerting"] = "Error"


def _read(path: Path) -> tuple[Alert, ...]:
    rows = tomllib.loads(path.read_text(encoding="utf-8"))
    return tuple(msgspec.convert({"name": name, **row}, Alert) for name, row in rows.items())


ALERTS = _read(ROWS)
"""In the order in which Grafana evaluates them."""
