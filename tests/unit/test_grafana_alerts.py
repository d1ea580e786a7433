"""The platform's own alarms as files and documents: as the code says, complete, and read back as they were."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from cityops.errors import ConfigurationError
from dashboards import alerts_files, push_items
from dashboards.alerts import ALERTS
from dashboards.alerts_build import contact_points, rule_group
from dashboards.check import read_boards
from dashboards.check_schema import board_problems, contact_problems, rule_group_problems
from dashboards.names import ALERTING, DATASOURCE_UID
from dashboards.push_same import same

ROOT = Path(__file__).parents[2]
NAMES = {
    *("database-down", "nothing-ingested", "ingest-lag", "rules-lag", "dead-letters", "silent-share"),
    *("notification-outbox", "disk", "connections", "failing-policies", "backup-too-old", "backup-untried"),
}


def test_the_files_are_as_the_code_says() -> None:
    assert alerts_files.build(check=True) == [], (
        "run `cityops grafana build` and commit dashboards/provisioning"
    )
    assert alerts_files.render() == alerts_files.render()


def test_drift_is_found_and_built_away(tmp_path: Path) -> None:
    assert alerts_files.build(folder=tmp_path) == [
        "alerting/rules.yaml: missing",
        "alerting/contact-points.yaml: missing",
    ]
    rules = tmp_path / alerts_files.RULES
    rules.write_text(rules.read_text().replace("for: 5m", "for: 50m"))
    assert alerts_files.build(check=True, folder=tmp_path) == ["alerting/rules.yaml: changed"]
    assert alerts_files.build(folder=tmp_path) == ["alerting/rules.yaml: changed"]
    assert alerts_files.build(check=True, folder=tmp_path) == []


def test_files_say_the_same_as_the_documents_of_the_api() -> None:
    assert alerts_files.read_rule_groups() == [rule_group()]
    assert alerts_files.read_contact_points() == contact_points()
    assert list(rule_group_problems(rule_group())) == []
    assert [list(contact_problems(point)) for point in contact_points()] == [[]]


def test_every_alarm_is_there_and_says_what_to_do() -> None:
    assert {alert.name for alert in ALERTS} == NAMES
    for rule in rule_group()["rules"]:
        name = rule["uid"].removeprefix("cityops-")
        assert rule["annotations"]["runbook_url"].endswith(f"#{name}")
        assert rule["annotations"]["summary"]
        assert rule["notification_settings"]["receiver"] == "cityops-operators"
        assert rule["labels"]["managed_by"] == "cityops"
        assert [part["datasourceUid"] for part in rule["data"]] == [DATASOURCE_UID, "__expr__"]
        assert "$" not in rule["data"][0]["model"]["rawSql"], "Grafana would look for a variable"
    [down] = [rule for rule in rule_group()["rules"] if rule["uid"] == "cityops-database-down"]
    assert down["execErrState"] == "Alerting"


def test_grafana_in_the_stack_has_every_variable_of_the_files() -> None:
    """A contact point without an address keeps Grafana from starting."""
    text = "".join(path.read_text(encoding="utf-8") for path in ALERTING.glob("*.yaml"))
    stack = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    environment = stack["services"]["grafana"]["environment"]
    assert set(re.findall(r"\$\{(\w+)\}", text)) <= environment.keys()


def test_variables_are_filled_and_a_missing_one_is_named() -> None:
    filled = push_items.filled(rule_group(), {"GRAFANA_RUNBOOK_URL": "https://wiki/run"})
    assert filled["rules"][0]["annotations"]["runbook_url"] == "https://wiki/run#database-down"
    assert "{{ printf" in filled["rules"][1]["annotations"]["description"]
    with pytest.raises(ConfigurationError, match="GRAFANA_RUNBOOK_URL"):
        push_items.filled(rule_group(), {})


@pytest.mark.parametrize(
    ("dsn", "words"),
    [
        ("postgresql://grafana:x@db/", "names no dbname"),
        ("postgresql://grafana@db/cityops", "names no password"),
        ("postgresql://grafana:se cret@db/cityops", "no connection string"),
    ],
)
def test_a_data_source_needs_all_of_its_address(dsn: str, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words) as refusal:
        push_items.datasource(dsn, timescaledb=True)
    assert "cret" not in str(refusal.value)


def test_a_data_source_has_the_settings_of_the_provisioned_one() -> None:
    made = push_items.datasource(
        "postgresql://grafana:x@db:5433/cityops?sslmode=verify-full", timescaledb=False
    )
    file = ROOT / "dashboards" / "provisioning" / "datasources" / "postgresql.yaml"
    [provisioned] = yaml.safe_load(file.read_text(encoding="utf-8"))["datasources"]
    assert made["url"] == "db:5433"
    assert made["jsonData"] == {**provisioned["jsonData"], "sslmode": "verify-full"}
    assert (made["uid"], made["type"]) == (provisioned["uid"], provisioned["type"])


@pytest.mark.parametrize(
    ("theirs", "equal"),
    [
        ({"for": "5m0s", "x": [{"a": 1, "added": 2}], "more": 1}, True),
        ({"for": "6m", "x": [{"a": 1}]}, False),
        ({"for": "5m", "x": [{"a": 1}, {"a": 2}]}, False),
        ({"for": "5m", "x": [{"a": "[REDACTED]"}]}, True),
        ({"for": "5m", "x": None}, False),
        ({"for": "5m"}, False),
        (None, False),
    ],
)
def test_what_counts_as_unchanged(theirs: Any, equal: bool) -> None:
    assert same({"for": "5m", "x": [{"a": 1}]}, theirs) is equal


@pytest.mark.timeout(400)  # imports every page of the product
def test_the_commands_say_what_they_find(tmp_path: Path) -> None:
    from typer.testing import CliRunner

    from ops_api.cli_grafana import app

    def run(*words: str) -> tuple[int, str]:
        result = CliRunner().invoke(app, words)
        return result.exit_code, result.stdout

    assert run("build", "--check") == (0, "boards and alert rules are up to date\n")
    code, text = run("check", "--no-sql", "--json")
    assert (code, json.loads(text)["alert_rules"]) == (0, len(NAMES))
    board = json.loads((ROOT / "dashboards" / "generated" / "cityops-bins.json").read_text())
    board["panels"][0]["gridPos"]["x"] = 23
    (tmp_path / "cityops-bins.json").write_text(json.dumps(board))
    code, text = run("check", "--no-sql", "--folder", str(tmp_path))
    assert code == 1
    assert "is not on the grid of 24 columns  [grid]" in text
    assert "no query was run: not asked for" in text


def test_a_pushed_address_makes_a_board_that_grafana_reads() -> None:
    board = read_boards()["cityops-city"]
    pushed = push_items.with_web_url(board, "https://city.example/")
    assert list(board_problems(pushed)) == []
    [web] = [v for v in pushed["templating"]["list"] if v["name"] == "web"]
    assert (web["type"], web["query"]) == ("textbox", "https://city.example")
    assert push_items.with_web_url(board, "") == board
