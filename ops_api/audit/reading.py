"""The whole audit as the database's owner reads it, line by line, for checking."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import psycopg

from ops_api.audit.core.chain import FIRST, Fault, Line, faults
from ops_api.audit.core.model import Entry

AT_ONCE = 5000
"""Lines fetched together: the whole may be of ten years."""
_LINES = """
select entry_id, at_us, actor_kind, actor_id, roles, via, action, object, reason, outcome, source, request_id, detail, link
from audit_entry order by entry_id"""
_BASE = "select entry_id, link from audit_base order by entry_id desc limit 1"


def checked(dsn: str, heads: Mapping[int, bytes]) -> tuple[int, int, list[Fault]]:
    """Return the number before the first line kept, that of the last line, and where the chain does not hold.

    All is read in one snapshot, in constant memory. ``heads``: links by number, as they were kept elsewhere.

    Raises:
        psycopg.Error: the database does not answer, or the tables may not be read.
    """
    with psycopg.connect(dsn, application_name="cityops-audit") as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        row = connection.execute(_BASE).fetchone()
        base, before = (0, FIRST) if row is None else (int(row[0]), bytes(row[1]))
        last = [base]
        with connection.cursor("audit") as cursor:
            cursor.itersize = AT_ONCE
            cursor.execute(_LINES)
            kept = {number: link for number, link in heads.items() if number >= base}
            found = list(faults(_counted(cursor, last), kept, base, before))
    return base, last[0], found


def _counted(rows: Iterator[tuple[Any, ...]], last: list[int]) -> Iterator[Line]:
    for row in rows:
        last[0] = row[0]
        yield Line(row[0], _entry(row), bytes(row[-1]))


def _entry(row: tuple[Any, ...]) -> Entry:
    at_us, kind, actor, roles, via, action, about, reason, outcome, source, request_id, detail = row[1:-1]
    return Entry(
        at_us=at_us, actor_kind=kind, actor_id=actor, roles=roles, via=via, action=action, object=about, reason=reason,
        outcome=outcome, source=source, request_id=request_id, detail=detail,
    )  # fmt: skip


def heads_in(text: str) -> dict[int, bytes]:
    """Return the heads of a file: lines ``NUMBER LINK``, as ``cityops audit head`` prints them.

    Raises:
        ValueError: a line is none.
    """
    found = {}
    for line in text.splitlines():
        if not line.strip():
            continue
        number, _, link = line.strip().partition(" ")
        if not number.isdecimal() or len(link.strip()) != 64:
            raise ValueError(f"{line[:80]!r}: write NUMBER LINK, as `cityops audit head` prints it")
        found[int(number)] = bytes.fromhex(link.strip())
    return found
