"""What a caller sees of a transaction that fails."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import psycopg
import pytest
from psycopg_pool import PoolTimeout

from cityops.db.transaction import transaction
from cityops.errors import CityopsError, TransientError


class UnusableError(CityopsError):
    """For a value that no column holds."""


class OnePool:
    """Lends one connection and notes how its transaction ended."""

    def __init__(self, refuses: Exception | None = None) -> None:
        self.refuses, self.ended = refuses, ""

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Any]:
        if self.refuses is not None:
            raise self.refuses
        yield self

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[None]:
        try:
            yield
        except BaseException:
            self.ended = "rolled back"
            raise
        self.ended = "committed"


async def test_the_end_of_the_block_commits() -> None:
    pool = OnePool()
    async with transaction(pool) as conn:
        assert conn is pool
    assert pool.ended == "committed"


@pytest.mark.parametrize(
    "error", [psycopg.OperationalError("gone\naway"), psycopg.InterfaceError("gone\n away")]
)
async def test_a_database_that_is_lost_meanwhile_is_transient_in_one_line(error: Exception) -> None:
    pool = OnePool()
    with pytest.raises(TransientError, match=r"^database: gone away$") as caught:
        async with transaction(pool):
            raise error
    assert pool.ended == "rolled back"
    assert caught.value.__cause__ is error


async def test_a_pool_that_has_none_left_is_transient() -> None:
    with pytest.raises(TransientError, match="none within 3 s"):
        async with transaction(OnePool(PoolTimeout("none within 3 s"))):
            pytest.fail("there is no connection")


@pytest.mark.parametrize(
    "error", [psycopg.DataError("too large"), UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogate")]
)
async def test_a_value_that_no_column_holds_is_the_callers_error_where_it_names_one(error: Exception) -> None:
    with pytest.raises(UnusableError, match="cannot be stored"):
        async with transaction(OnePool(), unstorable=UnusableError):
            raise error
    with pytest.raises(type(error)):
        async with transaction(OnePool()):
            raise error


async def test_other_errors_of_the_block_pass() -> None:
    pool = OnePool()
    with pytest.raises(psycopg.errors.UniqueViolation):
        async with transaction(pool, unstorable=UnusableError):
            raise psycopg.errors.UniqueViolation("there")
    assert pool.ended == "rolled back"
