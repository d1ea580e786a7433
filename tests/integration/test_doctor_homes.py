"""What the doctor says of homes."""

from __future__ import annotations

import psycopg

from ops_api.doctor_homes import homes


async def test_homes_of_which_something_is_not_known_are_counted(db_dsn: str) -> None:
    async with await psycopg.AsyncConnection.connect(db_dsn, autocommit=True) as conn:
        assert await homes(conn) == []
        await conn.execute(
            "insert into home (code, label, occupants) values ('AAAA-11', '1 Elm', 2), ('BBBB-22', '2 Elm', 0)"
        )
        [fine] = await homes(conn)
        assert (fine.level, fine.detail) == ("ok", "2, occupants known, joined by their labels' codes")
        await conn.execute("insert into home (code, label) values ('CCCC-33', '3 Elm')")
        await conn.execute(
            "insert into join_code (home_id, code_hash, kind, strong)"
            " select home_id, decode(md5(code), 'hex'), 'label', code <> 'BBBB-22' from home"
        )
        unknown, guessable = await homes(conn)
        assert unknown.level == guessable.level == "warn"
        assert unknown.detail.startswith("of 1 of 3 it is not known how many live there")
        assert guessable.detail.startswith("1 of 3 is still joined")
