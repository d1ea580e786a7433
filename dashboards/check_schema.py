"""Boards and alert rules against Grafana's own JSON schemas (``dashboards/schemas``, Draft 7)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cityops.errors import ConfigurationError

if TYPE_CHECKING:
    from jsonschema import Draft7Validator

FOLDER = Path(__file__).with_name("schemas")
Problem = tuple[str, str]

WAIVED: Mapping[str, frozenset[str]] = {
    # The schemas say "object" where Grafana takes any value: an override matches by a name and sets a
    # text or a number.
    "MatcherConfig.options is any value": frozenset({"matcher", "options"}),
    "DynamicConfigValue.value is any value": frozenset({"properties", "value"}),
    # ... and "integer" where Grafana takes degrees.
    "MapViewConfig.lat is a fraction": frozenset({"view", "lat"}),
    "MapViewConfig.lon is a fraction": frozenset({"view", "lon"}),
}
"""Known false positives by name: a complaint whose path has these parts is not one."""


def board_problems(board: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield (where, what) for every place at which a board breaks Grafana's schemas."""
    yield from _problems("dashboard", "Dashboard", {**board, "panels": []}, "")
    for panel in board.get("panels") or ():
        where = f"/{panel.get('id')} {panel.get('title') or panel.get('type')}"
        row = panel.get("type") == "row"
        yield from _problems("dashboard", "RowPanel" if row else "Panel", panel, where)
        for inner in (panel, *(panel.get("panels") or ())):
            if inner.get("type") != "row":
                yield from _panel_problems(inner, where)


def rule_group_problems(group: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield (where, what) for every place at which a rule group of the HTTP API breaks Grafana's schema."""
    yield from _problems("alerting", "RuleGroup", {**group, "rules": []}, f"/{group.get('title')}")
    for rule in group.get("rules") or ():
        yield from _problems("alerting", "Rule", rule, f"/{rule.get('title')}")


def contact_problems(contact: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield (where, what) for every place at which a contact point breaks Grafana's schema."""
    yield from _problems("alerting", "ContactPoint", contact, f"/{contact.get('uid')}")


def _panel_problems(panel: Mapping[str, Any], where: str) -> Iterator[Problem]:
    name = str(panel.get("type")).replace("-", "")
    if not (FOLDER / f"{name}.jsonschema.json").exists():
        yield (
            where,
            f"no schema of the panel {panel.get('type')!r} is here (scripts/vendor_grafana_schemas.py)",
        )
        return
    yield from _problems(name, "Options", panel.get("options") or {}, where)
    custom = (panel.get("fieldConfig") or {}).get("defaults", {}).get("custom")
    if custom is not None and "FieldConfig" in _schema(name)["definitions"]:
        yield from _problems(name, "FieldConfig", custom, where)


def _problems(schema: str, definition: str, value: Any, where: str) -> Iterator[Problem]:
    for error in _validator(schema, definition).iter_errors(value):
        path = [str(part) for part in error.absolute_path]
        if not any(parts <= set(path) for parts in WAIVED.values()):
            yield where, f"{'.'.join(path) or definition}: {error.message[:200]}"


@cache
def _schema(name: str) -> dict[str, Any]:
    return dict(json.loads((FOLDER / f"{name}.jsonschema.json").read_text(encoding="utf-8")))


@cache
def _validator(name: str, definition: str) -> Draft7Validator:
    try:
        from jsonschema import Draft7Validator
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            "checking needs the library jsonschema: install cityops[dashboards]"
        ) from error
    return Draft7Validator(
        {"$ref": f"#/definitions/{definition}", "definitions": _schema(name)["definitions"]}
    )
