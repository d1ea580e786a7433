"""Choices that a reader has, and ways to the web pages, that several boards share."""

from __future__ import annotations

from dashboards.board import choice
from dashboards.panels import Way

AREA = choice("area", "Area", "split_part(rule_id, '.', 1)", "board.alarm")
GRADE = choice(
    "severity", "Severity", "severity", "unnest(array['critical', 'major', 'warning', 'info']) severity"
)
KIND = choice("kind", "Kind", "kind", "board.device where retired_at is null")
ROUTE = choice("route", "Route", "route_id", "gritting_route", said="label")
STREAM = choice("stream", "Stream", "stream", "bin_site")

ALARMS = Way("Alarms", "${web}/alarms")
ALARM_PAGE = Way("The alarm's page", "${web}/alarms/${__data.fields.number}")
BIN_PAGE = Way("The bin's page", "${web}/bins/${__data.fields.id:percentencode}")
ROUTE_PAGE = Way("The route's page", "${web}/winter/${__data.fields.id:percentencode}")
WORK_PAGE = Way("Work items", "${web}/work")
