"""A wait for the rules that is cancelled while its first statement is on its way is taken back all the same."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import psycopg

from ops_api.rules_lag import SETTLE, TAKE_BACK, wait_for_rules


class SlowDatabase:
    """Takes what is asked at once; its first answer comes when the test says so."""

    def __init__(self) -> None:
        self.settle_xid: str | None = None
        self.was_asked, self.may_answer = asyncio.Event(), asyncio.Event()

    async def execute(self, statement: str, values: tuple[Any, ...] = ()) -> SlowDatabase:
        if statement == SETTLE:
            self.settle_xid = "7"
            self.was_asked.set()
            await self.may_answer.wait()
        elif statement == TAKE_BACK and values == (self.settle_xid,):
            self.settle_xid = None
        return self

    async def fetchone(self) -> tuple[str | None]:
        return (self.settle_xid,)


async def test_what_was_said_is_taken_back_once_it_is_answered() -> None:
    database = SlowDatabase()
    waiting = asyncio.create_task(wait_for_rules(cast("psycopg.AsyncConnection[Any]", database)))
    await database.was_asked.wait()
    waiting.cancel()
    done, _ = await asyncio.wait([waiting], timeout=0.05)
    assert not done, "it waits for the answer, which says what to take back"
    database.may_answer.set()
    await asyncio.wait([waiting], timeout=10)
    assert waiting.cancelled()
    assert database.settle_xid is None
