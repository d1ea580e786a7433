"""Which faults to begin and which to end, by what is switched on and what holds. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from cityops.errors import ConfigurationError
from firmware_sim.scenario import check_fault
from firmware_sim.world.script import Fault


@dataclass(frozen=True, slots=True)
class Changes:
    """What to do: faults to begin, by number, and numbers to end."""

    begin: Mapping[int, Any]
    end: tuple[int, ...]


def changes(wanted: Mapping[int, Any], held: Collection[int], refused: Collection[int]) -> Changes:
    """Return how what holds becomes what is wanted.

    Args:
        wanted: faults that are switched on, by number, as documents.
        held: numbers of those that were begun.
        refused: numbers of those that could not be begun: they are not tried again.
    """
    begin = {n: fault for n, fault in wanted.items() if n not in held and n not in refused}
    return Changes(begin, tuple(n for n in held if n not in wanted))


def fault_of(document: Any) -> Fault:
    """Return the fault that a document describes.

    Raises:
        ConfigurationError: a field that is wrong: its name, value and what is allowed.
    """
    try:
        fault = msgspec.convert(document, Fault)
    except msgspec.ValidationError as e:
        raise ConfigurationError(str(e)) from e
    check_fault(fault, "fault")
    return fault
