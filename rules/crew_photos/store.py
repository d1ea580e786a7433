"""The album of crews' photos on PostgreSQL."""

from __future__ import annotations

from cityops.db.queries import load_queries
from cityops.db.transaction import Lender, transaction
from rules.crew_photos.ports import MOST_BYTES, TOO_LARGE, NoActError
from rules.evidence.pictures import Picture
from rules.evidence.ports import RefusedError

SQL = load_queries("rules.crew_photos")


class PostgresCrewAlbum:
    """:class:`rules.crew_photos.ports.CrewAlbum` on anything that lends connections."""

    def __init__(self, pool: Lender) -> None:
        self._pool = pool

    async def keep(self, act_id: int, picture: Picture) -> None:
        """Keep the photo of an act; see the port."""
        if len(picture.jpeg) > MOST_BYTES:
            raise RefusedError(TOO_LARGE)
        values = {"act_id": act_id} | {f: getattr(picture, f) for f in ("sha256", "width", "height", "jpeg")}
        async with transaction(self._pool) as conn:
            if (await (await conn.execute(SQL["names"], values)).fetchone()) is None:
                raise NoActError(f"No act {act_id} names that photo.")
            await conn.execute(SQL["keep"], values)

    async def jpeg(self, sha256: str) -> bytes | None:
        """Return a photo."""
        async with transaction(self._pool) as conn:
            row = await (await conn.execute(SQL["jpeg"], {"sha256": sha256})).fetchone()
        return None if row is None else bytes(row[0])
