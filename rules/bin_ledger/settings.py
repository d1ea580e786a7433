"""Schedules and tariffs as TOML, and the tariffs that are shipped."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Any

import msgspec

from cityops.errors import ConfigurationError
from rules.core.bin_ledger.calendar import faults
from rules.core.bin_ledger.tariffs import Tariffs
from rules.core.bin_ledger.values import Baseline, Plan, Schedule


class ScheduleFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A schedule's file: where it is from, its rounds, complaints of the time before, if known, and what a reader must know."""

    source: str
    plans: list[dict[str, Any]]
    baseline: Baseline | None = None
    notes: tuple[str, ...] = ()


class Compared(msgspec.Struct, frozen=True, kw_only=True):
    """What a town is compared with: the fixed schedule, complaints of an earlier time, and what every statement's reader must know."""

    schedule: Schedule
    baseline: Baseline | None = None
    notes: tuple[str, ...] = ()


@cache
def shipped_tariffs() -> Tariffs:
    """Return the tariffs that are shipped: mostly assumptions, and they say so."""
    text = resources.files("rules.bin_ledger").joinpath("tariffs.toml").read_text(encoding="utf-8")
    return parse_tariffs(text, "tariffs.toml")


def parse_tariffs(text: str, where: str, base: Tariffs | None = None) -> Tariffs:
    """Return tariffs.

    Args:
        text: TOML: a table for each figure.
        where: named in errors.
        base: figures that the text leaves out are these; None: it must have all.

    Raises:
        ConfigurationError: it is no TOML, or a figure is unknown, missing or can't be.
    """
    told = _toml(text, where)
    before = {} if base is None else msgspec.to_builtins(base)
    try:
        unknown = sorted(set(told) - set(Tariffs.__struct_fields__))
        if unknown:
            raise ConfigurationError(f"{where}: unknown figure {unknown[0]!r}")
        found = msgspec.convert({**before, **told}, Tariffs)
    except msgspec.ValidationError as error:
        raise ConfigurationError(f"{where}: {error}") from error
    wrong = found.faults()
    if wrong:
        raise ConfigurationError(f"{where}: {wrong[0]}")
    return found


def parse_schedule(text: str, where: str) -> Compared:
    """Return a schedule with its baseline.

    Raises:
        ConfigurationError: it is no TOML, or something in it can't be.
    """
    try:
        told = msgspec.convert(_toml(text, where), ScheduleFile)
        schedule = msgspec.convert({"source": told.source, "plans": told.plans}, Schedule)
    except msgspec.ValidationError as error:
        raise ConfigurationError(f"{where}: {error}") from error
    unknown = sorted({name for plan in told.plans for name in plan} - set(Plan.__struct_fields__))
    if unknown:
        raise ConfigurationError(f"{where}: a round has no field {unknown[0]!r}")
    wrong = faults(schedule)
    if wrong:
        raise ConfigurationError(f"{where}: {wrong[0]}")
    if told.baseline is not None and (told.baseline.days < 1 or told.baseline.complaints < 0):
        raise ConfigurationError(
            f"{where}: the baseline has at least one day, and no fewer than 0 complaints"
        )
    return Compared(schedule=schedule, baseline=told.baseline, notes=told.notes)


def _toml(text: str, where: str) -> dict[str, Any]:
    try:
        found: dict[str, Any] = msgspec.toml.decode(text)
    except (msgspec.DecodeError, ValueError) as error:
        raise ConfigurationError(f"{where}: no TOML: {error}") from error
    return found
