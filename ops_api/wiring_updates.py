"""Composition of updates: what commands use, and the door through which the website acts."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from cityops.db.transaction import Lender
from cityops.errors import ConfigurationError
from cityops.settings import Settings
from ingest.fleet.core.rollout import Limits
from ingest.fleet.core.stages import parse_share, parse_stages
from ingest.fleet.updates.acts import Acts
from ingest.fleet.updates.ports import By, Start
from ingest.fleet.updates.shelf import Shelf
from ops_api.queries import Db
from ops_api.updates_door import Change, Wanted
from ops_api.wiring import kinds_of
from ops_api.wiring_notify import pool_of


@dataclass(frozen=True, slots=True)
class UpdatesAtHand:
    """What commands about updates use: bundles, acts, what is read and written down, and the kinds of device."""

    shelf: Shelf
    acts: Acts
    db: Db
    kinds: Collection[str]


@asynccontextmanager
async def updates_of(settings: Settings) -> AsyncIterator[UpdatesAtHand]:
    """Lend them on the settings' database, or the embedded one that runs."""
    async with pool_of(settings, "cityops-updates") as (pool, _):
        yield UpdatesAtHand(Shelf(pool), Acts(pool), Db(pool), kinds_of(settings).keys())


async def start_of(acts: Acts, wanted: Wanted, kinds: Collection[str]) -> Start:
    """Return the roll-out that somebody wants, in numbers.

    Raises:
        ConfigurationError: naming what is wrong.
    """
    if unknown := sorted({*wanted.kinds} - {*kinds}):
        raise ConfigurationError(f"kind {', '.join(unknown)}: there is none; there are {', '.join(kinds)}")
    given = {} if wanted.abreast is None else {"abreast": wanted.abreast}
    try:
        limits = Limits(
            halt_at=parse_share(wanted.halt_at), halt_least=wanted.halt_least, tries=wanted.tries, **given
        )
        stages = parse_stages(wanted.stages, wanted.soak_s)
    except ValueError as e:
        raise ConfigurationError(str(e)) from e
    return Start(
        bundle_id=await acts.bundle_id(wanted.bundle),
        stages=stages,
        limits=limits,
        kinds=tuple(wanted.kinds),
        groups=tuple(wanted.groups),
        devices=tuple(wanted.devices),
    )


class UpdatesDoor:
    """Implements :class:`ops_api.updates_door.UpdatesDoor` on the website's pool."""

    def __init__(self, pool: Lender, kinds: Collection[str]) -> None:
        self._acts, self._kinds = Acts(pool), kinds

    async def start(self, wanted: Wanted, who: str, via: str) -> int:
        """Begin a roll-out; return its number."""
        return await self._acts.start(await start_of(self._acts, wanted, self._kinds), _by(who, via))

    async def reach(self, rollout_id: int) -> Mapping[str, int]:
        """Return how many devices of a roll-out stand where."""
        return await self._acts.reach(rollout_id)

    async def change(self, rollout_id: int, change: Change, reason: str, who: str, via: str) -> None:
        """Halt, resume or cancel."""
        await self._acts.change(rollout_id, change, reason, _by(who, via))

    async def pin(self, device: str, reason: str, who: str, via: str, *, pinned: bool = True) -> None:
        """Keep a device at what it runs, or no longer."""
        await self._acts.pin(device, reason, _by(who, via), pinned=pinned)


def _by(who: str, via: str) -> By:
    return By(who, "rest" if via == "rest" else "web")
