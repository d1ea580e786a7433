"""Alert rules and contact points with Grafana's SDK, as its HTTP API takes them."""

from __future__ import annotations

import json
from typing import Any

from grafana_foundation_sdk.builders import alerting, expr
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import common
from grafana_foundation_sdk.models.alerting import RelativeTimeRange

from dashboards.alerts import ALERTS, Alert
from dashboards.names import DATASOURCE_UID, FOLDER_UID, OWNER, OWNER_LABEL, RECEIVER
from dashboards.panels import SqlBuilder

GROUP = "cityops-platform"
INTERVAL_S = 60
RUNBOOK = "${GRAFANA_RUNBOOK_URL}"
"""Where docs/runbook.md is read: an environment variable of Grafana in files, a setting of ours for a push."""
EMAIL = "${GRAFANA_ALERT_EMAIL}"
"""Who is written to, several with ``;`` between: the same."""
_EXPRESSION = "__expr__"


def rule_group() -> dict[str, Any]:
    """Return the group of all rules, as ``PUT …/rule-groups/…`` takes it."""
    group = alerting.RuleGroup(GROUP).folder_uid(FOLDER_UID).interval(INTERVAL_S)
    for alert in ALERTS:
        group = group.with_rule(_rule(alert))
    return _plain(group.build())


def contact_points() -> list[dict[str, Any]]:
    """Return the contact point's integrations, as ``POST …/contact-points`` takes them."""
    point = (
        alerting.ContactPoint()
        .uid(f"{RECEIVER}-email")
        .name(RECEIVER)
        .type("email")
        .settings({"addresses": EMAIL, "singleEmail": True})
        .disable_resolve_message(False)
    )
    return [_plain(point.build())]


def _rule(alert: Alert) -> alerting.Rule:
    # Not `$values`: versions of Grafana differ in whether `$` in a file is a variable of the environment.
    value = '{{ printf "%.0f" .Values.A.Value }}'
    tells = f"Now {value} {alert.unit}; too much above {alert.above:g}." if alert.unit else ""
    annotations = {
        "summary": alert.title,
        "description": f"{alert.meaning} {tells}".strip(),
        "runbook_url": f"{RUNBOOK}#{alert.name}",
    }
    settings = alerting.NotificationSettings().receiver(RECEIVER).group_by(["alertname", "grafana_folder"])
    return (
        alerting.Rule(alert.title)
        .uid(f"cityops-{alert.name}")
        .org_id(1)
        .folder_uid(FOLDER_UID)
        .rule_group(GROUP)
        .condition("B")
        .with_query(_question(alert))
        .with_query(_too_much(alert))
        .for_val(alert.lasting)
        .exec_err_state(alert.on_error)
        .no_data_state("NoData")
        .is_paused(False)
        .annotations(annotations)
        .labels({OWNER_LABEL: OWNER, "severity": alert.severity, "service": "platform"})
        .notification_settings(settings.repeat_interval("4h"))
    )


def _question(alert: Alert) -> alerting.Query:
    return (
        alerting.Query("A")
        .datasource_uid(DATASOURCE_UID)
        .relative_time_range(RelativeTimeRange(from_val=600, to=0))
        .model(SqlBuilder(alert.sql))
    )


def _too_much(alert: Alert) -> alerting.Query:
    evaluator = expr.ExprTypeThresholdConditionsEvaluator().type("gt").params([alert.above])
    threshold = (
        expr.TypeThreshold()
        .ref_id("B")
        .datasource(common.DataSourceRef(type_val=_EXPRESSION, uid=_EXPRESSION))
        .expression("A")
        .conditions([expr.ExprTypeThresholdConditions().evaluator(evaluator)])
    )
    return (
        alerting.Query("B")
        .datasource_uid(_EXPRESSION)
        .relative_time_range(RelativeTimeRange(from_val=0, to=0))
        .model(threshold)
    )


def _plain(built: Any) -> dict[str, Any]:
    return dict(json.loads(JSONEncoder(sort_keys=True).encode(built)))
