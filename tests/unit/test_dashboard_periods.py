"""Periods, the council's zone, links: what boards promise beyond their SQL."""

from __future__ import annotations

import re
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from dashboards.catalogue import kinds
from dashboards.periods import HOURLY_DAYS, RAW_HOURS, readings
from dashboards.zone import ZONE, local_day, midnight
from tests.fakes.grafana_boards import BOARDS, queries

EACH_BOARD = pytest.mark.parametrize("board", BOARDS.values(), ids=BOARDS.keys())


@EACH_BOARD
def test_a_board_shows_the_councils_time_whoever_looks(board: dict[str, Any]) -> None:
    assert board["timezone"] == ZONE
    assert ZoneInfo(ZONE).key == "Europe/London"


def test_days_are_the_councils() -> None:
    assert local_day("e.at") == "date_trunc('day', e.at, 'Europe/London')"
    assert midnight("n.night") == "(n.night::timestamp at time zone 'Europe/London')"
    named = {zone for q in queries() for zone in re.findall(r"'(\w+/\w+)'", q.sql)}
    assert named == {ZONE}, "a zone of its own in a query"


def test_each_length_is_read_from_one_table() -> None:
    text = readings("road", {"coldest": ("min", "surface_temperature_c")})
    raw, hours, days = text.split("union all")
    assert "from road_reading" in raw
    assert f"<= interval '{RAW_HOURS} hours'" in raw
    assert "surface_temperature_c_min as coldest from road_hourly" in hours
    assert f"> interval '{RAW_HOURS} hours'" in hours
    assert f"<= interval '{24 * HOURLY_DAYS['road']} hours'" in hours
    assert f"> interval '{24 * HOURLY_DAYS['road']} hours'" in days
    assert "from road_daily" in days


def test_a_field_that_no_kind_has_is_refused() -> None:
    with pytest.raises(KeyError):
        readings("road", {"x": ("min", "no_such_field")})


def test_no_query_reads_all_readings_of_a_long_period() -> None:
    """What reads a reading table says how long a period it does so for."""
    for query in queries():
        for table in re.findall(r"from (\w+)_reading\b", query.sql):
            assert table in kinds()
            assert re.search(rf"(<= interval '{RAW_HOURS} hours'|interval '\d (days|hours)')", query.sql), (
                query.where
            )


@EACH_BOARD
def test_a_board_leads_to_other_boards_and_to_a_page(board: dict[str, Any]) -> None:
    links = board["links"]
    to_boards = [link["url"] for link in links if link.get("url", "").startswith("/d/")]
    assert any(link["type"] == "dashboards" for link in links)
    assert any(link.get("url", "").startswith("${web}/") for link in links)
    assert to_boards
    assert {url.removeprefix("/d/") for url in to_boards} <= set(BOARDS)


def data_links(node: Any) -> list[str]:
    """Return the addresses of all data links of a panel."""
    if isinstance(node, list):
        return [url for value in node for url in data_links(value)]
    if not isinstance(node, dict):
        return []
    own = [node["url"]] if "url" in node and "title" in node else []
    return own + [url for value in node.values() for url in data_links(value)]


def test_rows_lead_to_their_pages_by_columns_that_are_there() -> None:
    leading = 0
    for uid, board in BOARDS.items():
        for panel in board["panels"]:
            sql = " ".join(t["rawSql"] for t in panel.get("targets", []))
            for url in data_links(panel.get("fieldConfig", {})):
                leading += 1
                assert url.startswith(("${web}/", "/d/")), f"{uid}/{panel['title']}: {url}"
                if url.startswith("/d/"):
                    assert url.removeprefix("/d/") in BOARDS
                for column in re.findall(r"__data\.fields\.(\w+)", url):
                    assert re.search(rf"\bas {column}\b", sql), f"{uid}/{panel['title']}: {column}"
    assert leading > 25


def test_winter_boards_mark_alarms_and_treatments() -> None:
    for uid in ("cityops-winter", "cityops-winter-verify"):
        names = {note["name"] for note in BOARDS[uid]["annotations"]["list"]}
        assert {"Severe alarms", "Gritters spreading"} <= names
        marks = next(n for n in BOARDS[uid]["annotations"]["list"] if n["name"] == "Gritters spreading")
        assert "in ($route)" in marks["target"]["rawSql"]
