"""What every route is given: database port, kinds, clock, brand, hub, templates, metrics."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, cast

from fastapi import Depends, HTTPException, Request

from cityops.clock import Clock
from devices.contract.kind import Kind
from ops_api.queries import Db, Row
from ops_api.routers.metrics import Metrics
from ops_api.stream import Hub
from ops_api.web.brand import Brand
from ops_api.web.render import Templates

RULES_FRESH = timedelta(minutes=1)
CATCHING_UP = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Context:
    """The parts of one application; built once by ``ops_api.app.create_app``."""

    db: Db
    kinds: Mapping[str, Kind]
    clock: Clock
    brand: Brand
    hub: Hub
    templates: Templates
    metrics: Metrics

    async def town_now(self) -> datetime:
        """Return the time it is in the town.

        The wall clock; or, while an accelerated simulation or a replay is behind it by
        more than ten minutes and the rules are at work, the latest reading's time.
        """
        now = self.clock.now()
        seen: Row = await self.db.one("event_time")
        at, updated = seen["event_time"], seen["updated_at"]
        if at is None or updated is None or now - updated > RULES_FRESH or now - at < CATCHING_UP:
            return now
        return cast("datetime", at)

    def kind(self, name: str) -> Kind:
        """Return a kind by name; 404 where there is none."""
        if name not in self.kinds:
            raise HTTPException(404, f"There is no kind {name!r}. Kinds: {', '.join(self.kinds)}.")
        return self.kinds[name]


def _context(request: Request) -> Context:
    return cast("Context", request.app.state.context)


Ctx = Annotated[Context, Depends(_context)]
