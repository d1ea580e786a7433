"""What is pushed: the committed files with this installation's addresses in them."""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping, Sequence
from typing import Any

from psycopg.conninfo import conninfo_to_dict

from cityops.errors import ConfigurationError
from dashboards.names import DATASOURCE_TYPE, DATASOURCE_UID, FOLDER_TITLE, RECEIVER

_VARIABLE = re.compile(r"\$\{(GRAFANA_\w+)\}")


def with_web_url(board: Mapping[str, Any], url: str) -> dict[str, Any]:
    """Return a board whose links into the web pages lead to ``url``; "" leaves it to the database to say where they are."""
    board = dict(copy.deepcopy(board))
    for variable in board.get("templating", {}).get("list", ()):
        if url and variable.get("name") == "web":
            option = {"selected": True, "text": url.rstrip("/"), "value": url.rstrip("/")}
            for asked in ("datasource", "definition", "refresh", "regex", "sort"):
                variable.pop(asked, None)
            variable.update(type="textbox", current=option, options=[option], query=option["value"])
    return board


def filled(document: Any, values: Mapping[str, str]) -> Any:
    """Return a document with ``${GRAFANA_…}`` replaced, as Grafana does it in provisioning files.

    Raises:
        ConfigurationError: a variable has no value.
    """
    if isinstance(document, str):
        return _VARIABLE.sub(lambda match: _value(match[1], values), document)
    if isinstance(document, Mapping):
        return {key: filled(value, values) for key, value in document.items()}
    return [filled(value, values) for value in document] if isinstance(document, list) else document


def contact_points(
    built: Sequence[Mapping[str, Any]], *, email: str, webhook: str
) -> list[Mapping[str, Any]]:
    """Return the integrations for who is told: by mail, by a POST, or both.

    Raises:
        ConfigurationError: neither is given.
    """
    if not email and not webhook:
        raise ConfigurationError(
            "nobody is told of the platform's alarms: set CITYOPS_GRAFANA__ALERT_EMAIL or "
            "CITYOPS_GRAFANA__ALERT_WEBHOOK, or push with --no-alerts"
        )
    points = [filled(point, {"GRAFANA_ALERT_EMAIL": email}) for point in built if email]
    if webhook:
        settings = {"url": webhook, "httpMethod": "POST"}
        hook = {"uid": f"{RECEIVER}-webhook", "name": RECEIVER, "type": "webhook", "settings": settings}
        points.append({**hook, "disableResolveMessage": False})
    return points


def datasource(dsn: str, *, timescaledb: bool) -> dict[str, Any]:
    """Return the data source for a connection string, as Grafana reaches the database.

    Raises:
        ConfigurationError: it can't be read, or names no host, user or database.
    """
    try:
        parts = conninfo_to_dict(dsn)
    except Exception as error:  # the driver's own words may quote a part of the password
        raise ConfigurationError("CITYOPS_GRAFANA__DB_DSN is no connection string") from error
    for needed in ("host", "user", "dbname", "password"):
        if not parts.get(needed):
            raise ConfigurationError(f"CITYOPS_GRAFANA__DB_DSN names no {needed}")
    return {
        "uid": DATASOURCE_UID,
        "name": FOLDER_TITLE,
        "type": DATASOURCE_TYPE,
        "access": "proxy",
        "isDefault": False,
        "url": f"{parts['host']}:{parts.get('port', 5432)}",
        "user": parts["user"],
        "jsonData": {
            "database": parts["dbname"],
            "sslmode": parts.get("sslmode", "require"),
            "maxOpenConns": 6,
            "maxIdleConns": 2,
            "connMaxLifetime": 3600,
            "postgresVersion": 1500,
            "timescaledb": timescaledb,
        },
        "secureJsonData": {"password": parts["password"]},
    }


def _value(name: str, values: Mapping[str, str]) -> str:
    if not values.get(name):
        raise ConfigurationError(f"${{{name}}} in dashboards/provisioning/alerting has no value")
    return values[name]
