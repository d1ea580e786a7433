"""The ledger's page on a running site: none is kept, then one is."""

from __future__ import annotations

import psycopg

from rules.core.bin_ledger.codec import encode
from rules.core.bin_ledger.making import make
from tests.fakes.bin_ledger_month import FIRST, month
from tests.fakes.website import Site

PAGE = "/bins/ledger"


async def test_the_page_answers_whether_the_sensors_saved_anything(site: Site) -> None:
    none = await site.http.get(PAGE)
    assert (none.status_code, "No statement is kept yet</h1>" in none.text) == (200, True)
    s = make(month()).statement
    async with await psycopg.AsyncConnection.connect(site.dsn, autocommit=True) as conn:
        await conn.execute(
            "insert into bin_statement (month, digest, sha256, answer, statement, document) values (%s, 'd', 's', %s, %s::jsonb, 'x')",
            (FIRST, s.answer, encode(s).decode()),
        )
    for address in (PAGE, f"{PAGE}?month=2026-01"):
        text = (await site.http.get(address)).text
        assert f'<h1 class="title">{s.answer}</h1>' in text.replace("&#39;", "'")
        assert "January 2026" in text
        assert "Cost of sensors" in text
        assert '<a href="/bins/ledger" aria-current="page">Savings ledger</a>' in text
    assert "No statement is kept yet" in (await site.http.get(f"{PAGE}?month=2025-12")).text
    assert (await site.http.get(f"{PAGE}?month=January")).status_code == 422
