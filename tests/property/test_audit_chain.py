"""Python and the database work out the same links, whatever is written."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import psycopg
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ops_api.audit.core.chain import FIRST, Line, faults, link_of
from ops_api.audit.core.model import Entry

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\x00\x1f"), max_size=20)
ENTRIES = st.builds(
    Entry, at_us=st.integers(0, 2**62), actor_kind=TEXT, actor_id=TEXT, roles=TEXT, via=TEXT, action=TEXT, object=TEXT,
    reason=TEXT, outcome=TEXT, source=st.just(""), request_id=TEXT, detail=TEXT,
)  # fmt: skip


def chained(entries: list[Entry]) -> list[Line]:
    lines, before = [], FIRST
    for number, entry in enumerate(entries, 1):
        before = link_of(before, number, entry)
        lines.append(Line(number, entry, before))
    return lines


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(entries=st.lists(ENTRIES, min_size=1, max_size=4))
def test_the_database_makes_the_same_links(db_dsn: str, entries: list[Entry]) -> None:
    with psycopg.connect(db_dsn) as connection:
        for e in entries:
            given_: tuple[Any, ...] = (
                e.at_us, e.actor_kind, e.actor_id, e.roles, e.via, e.action, e.object, e.reason, e.outcome, "", e.request_id,
                e.detail,
            )  # fmt: skip
            connection.execute("select audit_add(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)", given_)
        found = connection.execute("select entry_id, link from audit_entry order by entry_id").fetchall()
        connection.rollback()
    assert [(number, bytes(link)) for number, link in found] == [(x.number, x.link) for x in chained(entries)]


@given(entries=st.lists(ENTRIES, min_size=1, max_size=8), data=st.data())
def test_a_line_taken_out_changed_or_swapped_is_found_and_nothing_else_is(
    entries: list[Entry], data: st.DataObject
) -> None:
    lines = chained(entries)
    assert list(faults(lines, {x.number: x.link for x in lines})) == []
    at = data.draw(st.integers(0, len(lines) - 1))
    changed = [*lines]
    changed[at] = replace(lines[at], entry=replace(lines[at].entry, object=lines[at].entry.object + "!"))
    assert [f.number for f in faults(changed, {})] == [at + 1]
    without = lines[:at] + lines[at + 1 :]
    heads = {lines[-1].number: lines[-1].link}
    assert [f.number for f in faults(without, heads)] == [at + 1]


@given(one=ENTRIES, other=ENTRIES)
def test_two_entries_have_one_link_only_if_they_are_the_same(one: Entry, other: Entry) -> None:
    assert (link_of(FIRST, 1, one) == link_of(FIRST, 1, other)) == (one == other)
