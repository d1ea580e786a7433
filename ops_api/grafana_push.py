"""From the settings to what is pushed, and to the Grafana that it is pushed to."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import Any

from cityops.errors import ConfigurationError
from cityops.settings import Settings
from dashboards import alerts_files, push_items
from dashboards.check import read_boards
from dashboards.names import BOARDS
from dashboards.push import Wanted
from dashboards.push_wire import Wire


def wanted_of(settings: Settings, *, alerts: bool, datasource: str | None, folder: Path | None) -> Wanted:
    """Return what is to be in Grafana.

    Args:
        settings: addresses and secrets.
        alerts: the platform's alarms and their contact point too.
        datasource: kind of the database, to write the data source too, or None.
        folder: of boards, instead of the committed ones.

    Raises:
        ConfigurationError: a setting is missing, or a file.
    """
    mine = settings.grafana
    boards = {
        uid: push_items.with_web_url(board, mine.web_url)
        for uid, board in read_boards(folder or BOARDS).items()
    }
    groups: list[dict[str, Any]] = []
    points: list[Any] = []
    if alerts:
        values = {"GRAFANA_RUNBOOK_URL": mine.runbook_url}
        groups = [push_items.filled(group, values) for group in alerts_files.read_rule_groups()]
        hook = "" if mine.alert_webhook is None else mine.alert_webhook.get_secret_value()
        built = alerts_files.read_contact_points()
        points = push_items.contact_points(built, email=mine.alert_email, webhook=hook)
    return Wanted(
        boards=boards,
        rule_groups=groups,
        contact_points=points,
        datasource=None if datasource is None else _datasource(settings, datasource),
        message=f"cityops {version('cityops')}",
    )


def wire_of(settings: Settings) -> Wire:
    """Return the way to the Grafana of the settings.

    Raises:
        ConfigurationError: no token, or the library is not installed.
    """
    mine = settings.grafana
    if mine.token is None:
        raise ConfigurationError(
            "no token for Grafana: put that of a service account with the role Editor into "
            "/run/secrets/cityops_grafana__token or CITYOPS_GRAFANA__TOKEN"
        )
    return Wire(mine.url, mine.token.get_secret_value(), mine.timeout_s)


def _datasource(settings: Settings, kind: str) -> dict[str, Any]:
    dsn = settings.grafana.db_dsn
    if dsn is None:
        raise ConfigurationError(
            "--datasource needs CITYOPS_GRAFANA__DB_DSN: how Grafana reaches the database"
        )
    return push_items.datasource(dsn.get_secret_value(), timescaledb=kind == "timescaledb")
