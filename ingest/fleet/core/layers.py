"""Layers of settings, and what a device is told: the last layer that names a setting has its way. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from devices.contract.settings.model import Setting, Settings, Value

Scope = Literal["fleet", "kind", "group", "device"]
SCOPES: tuple[Scope, ...] = ("fleet", "kind", "group", "device")
"""From the widest to the narrowest, which has the last word. Of several groups the later in the alphabet has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """All that one layer sets.

    Attributes:
        scope, target: whose: every device's (no target), a kind's, a group's, a device's (its name).
        settings: values by name.
        change_id: the change that made it so; 0: nothing was ever set.
        made_by, made_at, note: of that change.
    """

    scope: Scope
    target: str = ""
    settings: Settings
    change_id: int = 0
    made_by: str = ""
    made_at: datetime | None = None
    note: str = ""

    @property
    def label(self) -> str:
        """Return the layer in words: ``all devices``, ``kind frog``, ``group north``, ``device frog-0001``."""
        return label(self.scope, self.target)


def label(scope: Scope, target: str) -> str:
    """Return a layer in words."""
    return "all devices" if scope == "fleet" else f"{scope} {target}"


@dataclass(frozen=True, slots=True)
class Member:
    """A device as layers see it."""

    name: str
    kind: str
    groups: frozenset[str] = frozenset()


Layers = Mapping[tuple[Scope, str], Layer]


def layers_of(member: Member, layers: Layers) -> list[Layer]:
    """Return a device's layers, from the widest to the narrowest."""
    keys: list[tuple[Scope, str]] = [
        ("fleet", ""),
        ("kind", member.kind),
        *(("group", group) for group in sorted(member.groups)),
        ("device", member.name),
    ]
    return [layers[key] for key in keys if key in layers]


def compose(layers: Iterable[Layer], declared: Mapping[str, Setting]) -> dict[str, Value]:
    """Return all that is set of a device: of its kind's settings only, for a layer may be wider than a kind."""
    made: dict[str, Value] = {}
    for layer in layers:
        made |= layer.settings
    return {name: made[name] for name in declared if name in made}


def origins(layers: Iterable[Layer], declared: Mapping[str, Setting]) -> dict[str, Layer]:
    """Return which layer had the last word on each setting."""
    return {name: layer for layer in layers for name in layer.settings if name in declared}


def members_of(scope: Scope, target: str, members: Iterable[Member]) -> list[Member]:
    """Return the devices that a layer is for."""
    if scope == "fleet":
        return list(members)
    if scope == "group":
        return [m for m in members if target in m.groups]
    return [m for m in members if (m.kind if scope == "kind" else m.name) == target]
