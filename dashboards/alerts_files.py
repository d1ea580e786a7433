"""Alert rules and contact points as Grafana's provisioning files, and back.

The files are what is committed: Grafana reads them at its start, ``cityops grafana check``
and ``push`` read them too. Grafana takes YAML only for these, and puts environment
variables (``${NAME}``) into them.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cityops.errors import ConfigurationError
from dashboards.names import ALERTING, FOLDER_UID

if TYPE_CHECKING:
    from types import ModuleType

FOLDER = "cityops alarms"
"""Rules from files find their folder by its title, and make it before the boards' files make theirs by its uid: two of one title
would be there, or the second refused."""
RULES, CONTACTS = "rules.yaml", "contact-points.yaml"
_HEAD = "# Written by `cityops grafana build` from dashboards/alerts.toml: change that, not this.\n"
_OF_RULE = (
    *("uid", "title", "condition", "data", "noDataState", "execErrState", "for"),
    *("annotations", "labels", "isPaused", "notification_settings"),
)


def render() -> Mapping[str, str]:
    """Return the text of each file by its name, the same bytes every time."""
    from dashboards.alerts_build import contact_points, rule_group

    group = rule_group()
    rules = [{key: rule[key] for key in _OF_RULE} for rule in group["rules"]]
    named = {"orgId": 1, "name": group["title"], "folder": FOLDER}
    groups = [{**named, "interval": f"{group['interval']}s", "rules": rules}]
    points = contact_points()
    receivers = [{k: v for k, v in point.items() if k != "name"} for point in points]
    contacts = [{"orgId": 1, "name": points[0]["name"], "receivers": receivers}]
    return {
        RULES: _HEAD + _dump({"apiVersion": 1, "groups": groups}),
        CONTACTS: _HEAD + _dump({"apiVersion": 1, "contactPoints": contacts}),
    }


def build(*, check: bool = False, folder: Path = ALERTING) -> list[str]:
    """Write the files, or only report where they differ from the code: ``<file>: changed | missing``."""
    drift = []
    for name, body in render().items():
        path = folder / name
        if not path.exists() or path.read_text(encoding="utf-8") != body:
            drift.append(f"alerting/{name}: {'changed' if path.exists() else 'missing'}")
            if not check:
                folder.mkdir(parents=True, exist_ok=True)
                path.write_text(body, encoding="utf-8")
    return drift


def read_rule_groups(folder: Path = ALERTING) -> list[dict[str, Any]]:
    """Return the rule groups of the files as the HTTP API takes them."""
    found = []
    for group in _load(folder / RULES).get("groups", []):
        place = {"folderUID": FOLDER_UID, "ruleGroup": group["name"], "orgID": 1}
        rules = [{**rule, **place} for rule in group["rules"]]
        interval = int(str(group["interval"]).removesuffix("s"))
        found.append({"title": group["name"], "folderUid": FOLDER_UID, "interval": interval, "rules": rules})
    return found


def read_contact_points(folder: Path = ALERTING) -> list[dict[str, Any]]:
    """Return the integrations of the files' contact points as the HTTP API takes them."""
    points = _load(folder / CONTACTS).get("contactPoints", [])
    return [{**receiver, "name": point["name"]} for point in points for receiver in point["receivers"]]


def _load(path: Path) -> dict[str, Any]:
    yaml = _yaml()
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ConfigurationError(f"{path} is not there; `cityops grafana build` writes it") from error
    except yaml.YAMLError as error:
        raise ConfigurationError(f"{path}: no YAML: {str(error).splitlines()[0]}") from error
    if not isinstance(found, dict):
        raise ConfigurationError(f"{path}: not a provisioning file")
    return found


def _dump(document: Mapping[str, Any]) -> str:
    yaml = _yaml()

    class Dumper(yaml.SafeDumper):  # type: ignore[name-defined,misc]
        """Texts of several lines are written as they are read."""

    def text(dumper: Any, value: str) -> Any:
        return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|" if "\n" in value else None)

    Dumper.add_representer(str, text)
    return str(yaml.dump(document, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=110))


def _yaml() -> ModuleType:
    try:
        import yaml
    except ModuleNotFoundError as error:
        raise ConfigurationError("alert rules need the library PyYAML: install cityops[grafana]") from error
    return yaml
