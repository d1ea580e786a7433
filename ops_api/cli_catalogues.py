"""How commands get at the catalogues and overrides that are kept."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from rules.catalogue.ports import CatalogueStore

T = TypeVar("T")


def with_catalogues(work: Callable[[CatalogueStore], Awaitable[T]]) -> T:
    """Run ``work`` on the catalogues of this installation's database."""
    import asyncio

    from cityops.settings import load_settings
    from ops_api.wiring_catalogue import catalogues_of

    async def run() -> T:
        async with catalogues_of(load_settings()) as store:
            return await work(store)

    return asyncio.run(run())
