"""A field whose resolution is no power of ten has no binary step: it reads as it was sent all the same."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import sql

from devices.contract import quantities
from devices.contract.kind import Field, Kind
from ops_api.queries import Transaction
from ops_api.queries.readings import values_as_sent
from ops_api.sensorthings.core.rows import value

FIELD = Field(name="x_c", quantity=quantities.TEMPERATURE, minimum=-50, maximum=50, resolution=0.2)


async def test_it_reads_as_it_was_sent(pg: psycopg.AsyncConnection[Any]) -> None:
    assert FIELD.step is None
    rows = sql.SQL("(values ('x_c', 0.4::real), ('x_c', 0), ('x_c', -17.6), ('x_c', null)) r (field, x_c)")
    query = sql.SQL("select {} from {}").format(values_as_sent([FIELD], "r"), rows)
    sent = [0.4, 0.0, -17.6, None]
    plain, binary = await Transaction(pg, {}).fetch(query, {}), await Transaction(pg, {}).table(query, {})
    assert [row["x_c"] for row in plain] == sent
    assert [row[0] for row in binary.rows] == sent
    kind = Kind(name="x", title="", description="", fields=(FIELD,), cadence_s=60)
    told = sql.SQL("select {} as x from {}").format(sql.SQL(value(kind, "r")), rows)
    assert [row["x"] for row in await Transaction(pg, {}).fetch(told, {})] == sent
