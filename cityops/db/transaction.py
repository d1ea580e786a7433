"""A transaction on anything that lends connections; a database that does not answer is a ``TransientError``."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from typing import Any, Protocol

import psycopg

from cityops.errors import CityopsError, TransientError

Connection = psycopg.AsyncConnection[Any]

UNSTORABLE = "A value is too large or too small, or has a character in it that cannot be stored."


class Lender(Protocol):
    """What is needed of a pool: anything that lends connections, and commits or rolls back at the end."""

    def connection(self) -> AbstractAsyncContextManager[Connection]:
        """Return a context that lends a connection."""
        ...


@contextmanager
def lost_is_transient() -> Iterator[None]:
    """Turn a database that does not answer, or is in the way, into a TransientError; a pool that is used up, too."""
    try:
        yield
    except (psycopg.OperationalError, psycopg.InterfaceError) as error:
        raise TransientError(f"database: {' '.join(str(error).split())}") from error


@asynccontextmanager
async def transaction(
    pool: Lender, *, unstorable: type[CityopsError] | None = None
) -> AsyncIterator[Connection]:
    """Lend a connection for one transaction: committed at the end of the block, rolled back on an exception.

    Args:
        pool: lends it.
        unstorable: raised where no column can hold a value; None: the driver's own error is.

    Raises:
        TransientError: the database does not answer, or is in the way.
    """
    try:
        with lost_is_transient():
            async with pool.connection() as conn, conn.transaction():
                yield conn
    except (psycopg.DataError, UnicodeEncodeError) as error:
        if unstorable is None:
            raise
        raise unstorable(UNSTORABLE) from error
