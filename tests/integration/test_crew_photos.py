"""One behaviour of the album of crews' photos on PostgreSQL and in memory."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
from psycopg_pool import AsyncConnectionPool

from rules.collection_acts.memory import MemoryActs
from rules.collection_acts.ports import CollectionActs
from rules.collection_acts.store import PostgresActs
from rules.core.collection_acts.record import NewAct
from rules.crew_photos.memory import MemoryCrewAlbum
from rules.crew_photos.ports import MOST_BYTES, CrewAlbum, NoActError
from rules.crew_photos.store import PostgresCrewAlbum
from rules.evidence.pictures import Picture, cleaned
from rules.evidence.ports import RefusedError
from tests.fakes.evidence_home import photo_bytes

pytestmark = pytest.mark.storage


@dataclass
class Bench:
    album: CrewAlbum
    acts: CollectionActs
    conn: psycopg.AsyncConnection[Any] | None = None


@pytest.fixture(params=["memory", "postgres"])
async def bench(request: pytest.FixtureRequest, db_dsn: str) -> AsyncIterator[Bench]:
    if request.param == "memory":
        acts = MemoryActs()
        yield Bench(MemoryCrewAlbum(acts), acts)
        return
    async with (
        await psycopg.AsyncConnection.connect(db_dsn, autocommit=True) as conn,
        AsyncConnectionPool(db_dsn, min_size=1, max_size=2, open=False) as pool,
    ):
        yield Bench(PostgresCrewAlbum(pool), PostgresActs(pool), conn)


def act(photo: Picture | None) -> NewAct:
    seen = {} if photo is None else {"photo_sha256": photo.sha256}
    return NewAct(ref="uprn:7", what="blocked", at_s=1e9, by="Ada", role="crew", via="crew page", seen=seen)


async def test_a_photo_is_kept_with_the_act_that_names_it_and_once(bench: Bench) -> None:
    photo = cleaned(photo_bytes())
    named = await bench.acts.append(act(photo))
    for _ in range(2):
        await bench.album.keep(named.act_id, photo)
    kept = await bench.album.jpeg(photo.sha256)
    assert kept is not None
    assert hashlib.sha256(kept).hexdigest() == photo.sha256 == named.seen["photo_sha256"]
    assert b"SECRETCAMERA" not in kept
    assert await bench.album.jpeg("0" * 64) is None
    if bench.conn is not None:
        row = await (await bench.conn.execute("select count(*), min(act_id) from crew_photo")).fetchone()
        assert row == (1, named.act_id)


async def test_what_is_not_kept(bench: Bench) -> None:
    photo = cleaned(photo_bytes())
    nameless = await bench.acts.append(act(None))
    for number in (nameless.act_id, 99):
        with pytest.raises(NoActError):
            await bench.album.keep(number, photo)
    large = dataclasses.replace(photo, jpeg=b"x" * (MOST_BYTES + 1))
    with pytest.raises(RefusedError, match="more than 4 MB"):
        await bench.album.keep(nameless.act_id, large)
    assert await bench.album.jpeg(photo.sha256) is None


async def test_the_table_can_only_be_added_to(pg: psycopg.AsyncConnection[Any], db_dsn: str) -> None:
    photo = cleaned(photo_bytes())
    async with AsyncConnectionPool(db_dsn, min_size=1, open=False) as pool:
        await pool.open()
        named = await PostgresActs(pool).append(act(photo))
        await PostgresCrewAlbum(pool).keep(named.act_id, photo)
    for statement in (
        "delete from crew_photo",
        "update crew_photo set jpeg = 'x'",
        "truncate crew_photo",
        "insert into crew_photo (act_id, sha256, width, height, jpeg) values (1, 'no hash of it', 1, 1, 'x')",
    ):
        with pytest.raises(psycopg.IntegrityError):
            await pg.execute(statement)  # type: ignore[arg-type]
