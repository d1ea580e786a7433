"""The council's time zone: the one place from which boards and their queries have it."""

from __future__ import annotations

from cityops.settings import ApiSettings

ZONE: str = ApiSettings.model_fields["time_zone"].default
"""IANA name. The zone that pages show unless they are told otherwise; a council elsewhere changes that default and builds."""


def local_day(time: str) -> str:
    """Return SQL of the midnight of the council's clock before ``time``."""
    return f"date_trunc('day', {time}, '{ZONE}')"


def local_week(time: str) -> str:
    """Return SQL of the midnight of the council's clock at which the week before ``time`` began, on Monday."""
    return f"date_trunc('week', {time}, '{ZONE}')"


def midnight(day: str) -> str:
    """Return SQL of the moment at which a date begins by the council's clock."""
    return f"({day}::timestamp at time zone '{ZONE}')"
