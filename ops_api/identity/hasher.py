"""Passwords to hashes and back: argon2id in a thread, a few at a time.

A hash takes 19 MiB and some 30 ms of a core on purpose (OWASP's least for argon2id: m=19 MiB, t=2, p=1). Whoever sends many wrong passwords at
once would have the machine do nothing else, so no more than ``AT_ONCE`` are worked on and ``WAITING`` more wait.
"""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from importlib import resources
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from ops_api.identity.core.names import normal
from ops_api.identity.model import BusyError

AT_ONCE, WAITING = 2, 20
T = TypeVar("T")


class Hasher:
    """Hashes and checks passwords, for who has a :meth:`place`."""

    def __init__(self) -> None:
        self._argon2 = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
        self._room = asyncio.Semaphore(AT_ONCE)
        self._waiting = 0

    @contextmanager
    def place(self) -> Iterator[None]:
        """Hold a place among those who wait, for as long as the block.

        Raises:
            BusyError: too many wait already.
        """
        if self._waiting >= WAITING:
            raise BusyError("Many people sign in just now. Try again in a moment.")
        self._waiting += 1
        try:
            yield
        finally:
            self._waiting -= 1

    async def hash(self, password: str) -> str:
        """Return the hash of a password, with its own salt."""
        return await self._in_turn(lambda: self._argon2.hash(normal(password)))

    async def opens(self, password: str, hashed: str | None) -> bool:
        """Whether a password is the hash's; takes as long where there is no hash, and says no."""
        against = _dummy(self._argon2) if hashed is None else hashed
        right = await self._in_turn(lambda: self._verify(password, against))
        return right and hashed is not None

    def is_old(self, hashed: str) -> bool:
        """Whether a hash was made with other costs than today's."""
        return self._argon2.check_needs_rehash(hashed)

    def _verify(self, password: str, hashed: str) -> bool:
        try:
            return self._argon2.verify(hashed, normal(password).encode("utf-8", "surrogatepass"))
        except (VerificationError, InvalidHashError):
            return False

    async def _in_turn(self, work: Callable[[], T]) -> T:
        async with self._room:
            return await asyncio.to_thread(work)


@cache
def _dummy(argon2: PasswordHasher) -> str:
    return argon2.hash("nobody has this password")


@cache
def common_passwords() -> frozenset[str]:
    """Return passwords that many use, in lower case."""
    packed = resources.files(__package__).joinpath("common_passwords.txt.gz").read_bytes()
    lines = gzip.decompress(packed).decode().splitlines()
    return frozenset(line for line in lines if not line.startswith("# "))
