"""Composition of the packs that households make themselves, on their page."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, datetime
from typing import BinaryIO

import psycopg

from cityops.db.pool import connect
from cityops.settings import Settings
from ops_api.queries import OneConnection
from ops_api.queries.resident import ResidentPool, become
from ops_api.routers.context import MakePack
from ops_api.wiring import kinds_of
from rules.catalogue.law_files import load_law
from rules.evidence.book import PostgresBook
from rules.evidence.figures import FiguresFromReadings
from rules.evidence.household_source import HouseholdSource
from rules.evidence.keys import signer
from rules.evidence.packing import Order, Workshop, check_period, make_pack
from rules.evidence.ports import Pack
from rules.evidence.source import one_moment

NAME = "cityops-packs"


def packs_on(settings: Settings) -> MakePack:
    """Return what makes a pack as the resident of a session; the key is the installation's.

    It works on connections and in a loop of its own, in a thread: a year takes seconds of a core.
    """

    async def make(token: str, code: str, days: tuple[date, date], made_at: datetime, out: BinaryIO) -> Pack:
        order = Order(code=code, from_day=days[0], to_day=days[1], made_at=made_at, by="resident")
        check_period(order)
        return await asyncio.to_thread(lambda: asyncio.run(_made(settings, token, order, out)))

    return make


async def _made(settings: Settings, token: str, order: Order, out: BinaryIO) -> Pack:
    law, calendar = load_law()
    kinds = kinds_of(settings)
    async with (
        _connected(settings.db.dsn) as town,
        _connected(settings.api.resident_dsn or settings.db.dsn) as mine,
        _connected(settings.api.resident_dsn or settings.db.dsn) as written,
        one_moment(town, kinds) as town_source,
        one_moment(mine, kinds) as my_source,
    ):
        await become(mine, token)
        source = HouseholdSource(my_source, town_source)
        book = PostgresBook(ResidentPool(OneConnection(written), token))
        shop = Workshop(
            source, FiguresFromReadings(source), book, book, law, calendar, signer(settings.data_dir)
        )
        return await make_pack(shop, order, out)


@asynccontextmanager
async def _connected(dsn: str) -> AsyncIterator[psycopg.AsyncConnection]:
    async with await connect(dsn, application_name=NAME, autocommit=False) as conn:
        yield conn
