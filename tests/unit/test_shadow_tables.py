"""Every table that the rules' store writes has its copy in the schema of a shadow."""

from __future__ import annotations

import re

from cityops.db.queries import load_queries
from rules.shadow.tables import TABLES

WRITES = re.compile(r"\b(?:insert into|update|delete from)\s+(?!set\b)([a-z_.]+)")
FILES = ("queries.sql", "late.sql", "work.sql")
"""The statements of ``rules.store`` and what it calls."""


def test_the_store_writes_only_tables_that_a_shadow_has() -> None:
    statements = [text for file in FILES for text in load_queries("rules", file).values()]
    code = "\n".join(line.partition("--")[0] for text in statements for line in text.splitlines())
    written = set(WRITES.findall(code.replace("do update\n", "do ").replace("for update of", "")))
    assert written == set(TABLES)
