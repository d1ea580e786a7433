"""Composition of what works on dead letters: a store to read, a replay to run."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from cityops.clock import SystemClock
from cityops.settings import Settings
from ingest.pg_letter_store import open_letters
from ingest.ports import LetterStore
from ingest.replay_letters import LetterReplay
from ingest.store import PostgresSink
from ops_api.cli_db import database
from ops_api.wiring import kinds_of


@asynccontextmanager
async def letters_of(settings: Settings) -> AsyncIterator[tuple[LetterStore, LetterReplay]]:
    """Lend the dead letters of the settings' database (or of the embedded one that runs), and their replay.

    Raises:
        ConfigurationError: without a database.
        TransientError: it does not answer.
    """
    dsn, kinds = database(settings), kinds_of(settings)
    sink = PostgresSink(dsn, kinds, SystemClock())
    try:
        async with open_letters(dsn) as letters:
            yield letters, LetterReplay(letters, sink, sink, kinds, random.Random())
    finally:
        await sink.close()
