"""The reference page of REST says of each operation who may ask, and shows an example."""

from __future__ import annotations

from ops_api.web import api_view
from tests.unit.test_rest_openapi import by_name, document


def shown() -> dict[str, api_view.Operation]:
    found = api_view.groups(document())
    return {f"{o.method} {o.path}": o for operations in found.values() for o in operations}


def test_every_operation_is_there_with_who_may_ask() -> None:
    assert shown().keys() == by_name().keys()
    assert [name for name, o in shown().items() if not o.who.endswith(".")] == []
    who = {
        name: shown()[name].who
        for name in ("GET /api/v1/devices", "GET /api/v1/homes/{code}", "GET /api/v1/audit")
    }
    assert who["GET /api/v1/devices"] == "Everybody."
    assert who["GET /api/v1/homes/{code}"] == "Who lives there."
    assert who["GET /api/v1/audit"] == "Who is signed in as admin; a key with audit:read."


def test_examples_are_shown_and_long_ones_cut_at_a_line() -> None:
    latest = shown()["GET /api/v1/readings/latest"]
    assert '"surface_temperature_c"' in latest.gets
    assert shown()["POST /api/v1/join"].sends.startswith("{")
    assert max(len(o.gets) for o in shown().values()) <= api_view.EXAMPLE_MOST + 4
    cut = [o.gets for o in shown().values() if o.gets.endswith("…")]
    assert cut
    assert all(text[-3:] == "\n …" for text in cut)
