"""Names that boards, alert rules, checks and push share: who owns what in a Grafana."""

from __future__ import annotations

from pathlib import Path

FOLDER_UID = "cityops"
FOLDER_TITLE = "cityops"
TAG = "cityops"
"""On every board of ours; `push --prune` removes nothing without it."""
OWNER_LABEL, OWNER = "managed_by", "cityops"
"""On every alert rule of ours, for the same reason."""
DATASOURCE_UID = "cityops-db"
DATASOURCE_TYPE = "grafana-postgresql-datasource"
GRID_COLUMNS = 24
"""Width of every board."""
RECEIVER = "cityops-operators"
"""The contact point that the platform's own alarms go to."""

BOARDS = Path(__file__).with_name("generated")
ALERTING = Path(__file__).with_name("provisioning") / "alerting"
