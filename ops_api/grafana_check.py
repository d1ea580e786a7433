"""A check of boards and alert rules: files, pages of this version, and a database where there is one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cityops.errors import ConfigurationError
from cityops.settings import load_settings
from dashboards import alerts_files
from dashboards.check import Board, Finding, check_boards, read_boards
from dashboards.check_schema import board_problems, contact_problems, rule_group_problems
from dashboards.check_sql import Limits, Ran, run_queries
from dashboards.names import BOARDS
from ops_api.grafana_text import Report


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for on the command line; see ``cityops grafana check --help``."""

    dsn: str | None = None
    sql: bool = True
    timeout_s: float = 10.0
    hours: float | None = None
    require_rows: bool = False
    role: str = "cityops_reader"
    folder: Path | None = None


async def check_all(asked: Asked) -> Report:
    """Check files and queries, and return what was found.

    Raises:
        ConfigurationError: no boards, or the login may not act as the role.
        TransientError: the database does not answer.
    """
    from ops_api.routes import page_paths

    boards = read_boards(asked.folder or BOARDS)
    groups = alerts_files.read_rule_groups()
    findings = check_boards(boards, schemas=board_problems, pages=page_paths())
    findings += _alert_findings(groups)
    rules = [rule for group in groups for rule in group["rules"]]
    database, ran = await _run(asked, boards, rules)
    return Report(len(boards), len(rules), findings, database, ran)


async def _run(
    asked: Asked, boards: dict[str, Board], rules: Sequence[dict[str, Any]]
) -> tuple[str, list[Ran]]:
    if not asked.sql:
        return "not asked for (--no-sql)", []
    dsn = asked.dsn or _configured()
    if dsn is None:
        return "no database is configured (CITYOPS_DB__DSN or --dsn)", []
    limits = Limits(
        end=datetime.now(UTC),
        role=asked.role,
        timeout_s=asked.timeout_s,
        period=None if asked.hours is None else timedelta(hours=asked.hours),
        require_rows=asked.require_rows,
    )
    return await run_queries(dsn, boards, rules, limits)


def _configured() -> str | None:
    from ops_api.cli_db import database

    try:
        return database(load_settings())
    except ConfigurationError:
        return None


def _alert_findings(groups: Sequence[dict[str, Any]]) -> list[Finding]:
    problems = [problem for group in groups for problem in rule_group_problems(group)]
    problems += [
        problem for point in alerts_files.read_contact_points() for problem in contact_problems(point)
    ]
    uids = [rule["uid"] for group in groups for rule in group["rules"]]
    problems += [(f"/{uid}", "is there twice") for uid in sorted({u for u in uids if uids.count(u) > 1})]
    receivers = {point["name"] for point in alerts_files.read_contact_points()}
    for rule in (rule for group in groups for rule in group["rules"]):
        told = rule.get("notification_settings", {}).get("receiver")
        if told not in receivers:
            problems.append((f"/{rule['uid']}", f"tells {told!r}, which is no contact point of ours"))
        for needed in ("summary", "runbook_url"):
            if not rule.get("annotations", {}).get(needed):
                problems.append((f"/{rule['uid']}", f"has no {needed}"))
    return [Finding(f"alerting{where}", "alerts", what) for where, what in problems]
