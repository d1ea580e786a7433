"""The effective settings with the source of each, secrets hidden."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import SecretStr
from pydantic_settings import EnvSettingsSource, NestedSecretsSettingsSource, TomlConfigSettingsSource

from cityops.redact import redact
from cityops.settings import Settings
from cityops.settings_check import CONFIG_VARIABLE, leaves, secrets_folder, variable

HIDDEN = "********"


@dataclass(frozen=True, slots=True)
class Effective:
    """One setting as it is in force.

    Attributes:
        name: dotted path.
        value: as text; secrets replaced.
        source: ``default``, ``argument``, an environment variable's name, ``secret file`` or a
            file's path.
    """

    name: str
    value: str
    source: str


def report(settings: Settings, overrides: Mapping[str, Any] | None = None) -> list[Effective]:
    """Return every setting of ``settings``, loaded with ``overrides``, in the tree's order."""
    layers = _layers(overrides or {})
    return [
        Effective(".".join(path), _shown(_get(settings, path)), _source(path, layers))
        for path in leaves(Settings)
    ]


def _layers(overrides: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    config = os.environ.get(CONFIG_VARIABLE)
    layers: list[tuple[str, Mapping[str, Any]]] = [
        ("argument", overrides),
        ("environment", EnvSettingsSource(Settings)()),
        ("secret file", NestedSecretsSettingsSource(Settings, secrets_dir=secrets_folder(os.environ))()),  # type: ignore[arg-type]
    ]
    if config:
        layers.append((config, TomlConfigSettingsSource(Settings, config)()))
    return layers


def _source(path: tuple[str, ...], layers: list[tuple[str, Mapping[str, Any]]]) -> str:
    for name, layer in layers:
        if _has(layer, path):
            return variable(path) if name == "environment" else name
    return "default"


def _has(layer: Any, path: tuple[str, ...]) -> bool:
    for part in path:
        if not isinstance(layer, Mapping):
            return hasattr(layer, part)
        if part not in layer:
            return False
        layer = layer[part]
    return True


def _get(node: Any, path: tuple[str, ...]) -> Any:
    for part in path:
        node = getattr(node, part)
    return node


def _shown(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, SecretStr):
        return HIDDEN
    text = str(value)
    return redact(text) if "://" in text or "password=" in text else text
