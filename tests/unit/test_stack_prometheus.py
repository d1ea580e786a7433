"""deploy/prometheus: what is asked exists, and every rule reads only what somebody exports."""

from __future__ import annotations

import json
import re
from typing import Any

import promql_parser
import pytest
import yaml

from tests.fakes.compose import ROOT, load
from tests.fakes.promql import metrics

FOLDER = ROOT / "deploy" / "prometheus"
SERVICES: dict[str, dict[str, Any]] = load()["services"]
CONFIG: dict[str, Any] = yaml.safe_load((FOLDER / "prometheus.yml").read_text(encoding="utf-8"))
RULES = [
    (file.stem, rule)
    for file in sorted((FOLDER / "rules").glob("*.yml"))
    for group in yaml.safe_load(file.read_text(encoding="utf-8"))["groups"]
    for rule in group["rules"]
]
RUNBOOK = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")
ANCHORS = {
    re.sub(r"[^a-z0-9 -]", "", title.lower()).replace(" ", "-")
    for title in re.findall(r"^#+ (.+)$", RUNBOOK, re.MULTILINE)
} | set(re.findall(r'<a id="([a-z-]+)">', RUNBOOK))
EACH = pytest.mark.parametrize(("file", "rule"), RULES, ids=[rule["alert"] for _, rule in RULES])


def _targets() -> list[tuple[str, str, int]]:
    """Return job, host and port of everything that is asked."""
    found = []
    for job in CONFIG["scrape_configs"]:
        for static in job.get("static_configs", []):
            found += [(job["job_name"], *_split(t)) for t in static["targets"]]
        for dns in job.get("dns_sd_configs", []):
            found += [(job["job_name"], name, dns["port"]) for name in dns["names"]]
    return found


def _split(target: str) -> tuple[str, int]:
    host, port = target.split(":")
    return host, int(port)


def test_every_target_is_a_service_that_listens_there_for_others() -> None:
    for job, host, port in _targets():
        service = SERVICES["prometheus" if host == "127.0.0.1" else host]
        check = " ".join(service["healthcheck"]["test"])
        assert f":{port}/" in check, f"{job}: {host} has no page at {port}"
        assert "inside" in service["networks"]
        environment = service.get("environment", {})
        if any(key.endswith("HEALTH_PORT") for key in environment):
            assert environment["CITYOPS_HEALTH_HOST"] == "0.0.0.0"


def test_every_service_of_ours_that_stays_is_asked() -> None:
    staying = {
        n for n, s in SERVICES.items() if s["image"].startswith("cityops:") and s["restart"] != "no"
    } - {"town"}
    assert staying == {"ingest", "rules", "notify", "fleet", "logins", "api"}
    assert staying <= {job for job, _, _ in _targets()}


def test_what_prometheus_keeps_and_takes_is_bounded() -> None:
    command = " ".join(SERVICES["prometheus"]["command"])
    for flag in ("retention.time=30d", "retention.size=4GB", "query.max-samples", "query.timeout"):
        assert flag in command
    assert {"body_size_limit", "sample_limit", "label_limit", "label_value_length_limit"} <= set(
        CONFIG["global"]
    )
    assert not re.search(r"web\.enable-(admin-api|lifecycle)", command)
    assert f"{FOLDER.relative_to(ROOT)}/rules" in str(SERVICES["prometheus"]["volumes"])
    assert CONFIG["rule_files"] == ["/etc/prometheus/rules/*.yml"]


@EACH
def test_a_rule_is_whole_and_prometheus_can_read_it(file: str, rule: dict[str, Any]) -> None:
    assert set(rule) <= {"alert", "expr", "for", "labels", "annotations"}
    assert re.fullmatch(r"Cityops[A-Z][A-Za-z]+", rule["alert"])
    assert promql_parser.parse(rule["expr"]) is not None
    assert re.fullmatch(r"\d+[mh]", rule.get("for", "0m"))
    assert rule["labels"]["severity"] in {"critical", "warning", "none"}
    assert set(rule["annotations"]) == {"summary", "runbook"}
    assert re.fullmatch(r"docs/runbook\.md#[a-z0-9-]+", rule["annotations"]["runbook"])
    assert rule["annotations"]["runbook"].split("#")[1] in ANCHORS
    named = set(re.findall(r"\$labels\.(\w+)", rule["annotations"]["summary"]))
    assert named <= _labels(rule["expr"]), "the sentence names a label that the expression does not keep"
    assert all(metric.startswith("node_") == (file == "host") for metric in metrics(rule["expr"]))


@EACH
def test_a_rule_needs_time_or_says_why_not(file: str, rule: dict[str, Any]) -> None:
    """What is true for one scrape only wakes nobody."""
    assert "for" in rule or rule["alert"] == "CityopsWatchdog" or "increase(" in rule["expr"]


def test_no_two_rules_have_one_name() -> None:
    names = [rule["alert"] for _, rule in RULES]
    assert len(set(names)) == len(names)


def test_metrics_are_read_out_of_an_expression() -> None:
    assert metrics('sum by (le) (rate(a_bucket{x="1"}[5m])) > 3 or absent(b) or c == time()') == {
        "a_bucket",
        "b",
        "c",
    }


def test_receivers_are_an_example_that_alertmanager_reads() -> None:
    given = yaml.safe_load((FOLDER / "alertmanager.yml").read_text(encoding="utf-8"))
    names = {receiver["name"] for receiver in given["receivers"]}
    routes = [given["route"], *given["route"]["routes"]]
    assert {route["receiver"] for route in routes} == names
    alerts = {rule["alert"] for _, rule in RULES}
    for rule in given["inhibit_rules"]:
        for matcher in (*rule["source_matchers"], *rule["target_matchers"]):
            if matcher.startswith("job="):
                continue
            pattern = re.fullmatch(r'alertname=~"(.+)"', matcher)
            assert pattern is not None
            for name in re.findall(r"\w+", pattern[1].removeprefix("Cityops(")):
                assert f"Cityops{name.removeprefix('Cityops')}" in alerts, f"{matcher} fits no alarm"


def test_one_service_that_is_down_hides_nothing_of_another() -> None:
    given = yaml.safe_load((FOLDER / "alertmanager.yml").read_text(encoding="utf-8"))
    for rule in given["inhibit_rules"]:
        if "ServiceDown" in rule["source_matchers"][0]:
            (job,) = (m for m in rule["source_matchers"] if m.startswith("job="))
            hidden = rule["target_matchers"][0]
            assert ("Ingest" in hidden) == (job == 'job="ingest"')
            assert ("Rules" in hidden) == (job == 'job="rules"')


def test_grafana_finds_prometheus() -> None:
    source = yaml.safe_load((FOLDER / "grafana-datasource.yml").read_text(encoding="utf-8"))["datasources"][0]
    host, port = _split(source["url"].removeprefix("http://"))
    assert f":{port}/" in json.dumps(SERVICES[host]["healthcheck"])
    mounted = {mount.split(":")[0] for mount in SERVICES["grafana"]["volumes"]}
    assert "./deploy/prometheus/grafana-datasource.yml" in mounted


def _labels(expression: str) -> set[str]:
    """Return labels that a result may have: those kept by a sum, matched, or of every scrape."""
    kept = re.findall(r"by \(([^)]*)\)", expression)
    matched = re.findall(r"[{,]\s*(\w+)\s*[=!]", expression)
    told = {name.strip() for part in kept for name in part.split(",")} | set(matched)
    return told | ({"job", "instance", "mountpoint"} if " by " not in expression else set())
