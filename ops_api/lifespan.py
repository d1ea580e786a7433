"""What runs for as long as the application does: the publishers of its streams."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from fastapi import FastAPI

from ops_api.routers.context import Context


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Publish until the application ends."""
    context: Context = app.state.context
    publishers = [
        asyncio.create_task(context.hub.run(), name="sse-hub"),
        asyncio.create_task(context.feed.run(), name="sse-alarms"),
    ]
    try:
        yield
    finally:
        context.hub.close()
        context.feed.close()
        context.missing.close()
        context.database.close()
        context.wall.close()
        for publisher in publishers:
            publisher.cancel()
        for publisher in publishers:
            with suppress(asyncio.CancelledError):
                await publisher
