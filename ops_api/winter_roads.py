"""Issues of the road forecast, read once: an issue never changes, and many pages ask for the newest."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import Any, Protocol

from ops_api.web.winter_ahead import Ahead
from rules.core.road_now.table import RoadForecast

WHOLE = 2
"""Issues kept whole: a county's is some megabytes."""
SMALL = 400
"""Things worked out of an issue that are kept: a night has 48 issues."""


class Kept(Protocol):
    """An issue as it is kept."""

    @property
    def forecast(self) -> RoadForecast:
        """What it says."""
        ...


class Issues(Protocol):
    """What is needed of :class:`rules.winter.forecaster.ports.RoadForecasts`."""

    async def by_id(self, forecast_id: int) -> Kept | None:
        """Return an issue by its number; None where there is none."""
        ...


class Roads:
    """Lends issues, and keeps what was worked out of them; ``store`` None: there are no road forecasts."""

    def __init__(self, store: Issues | None) -> None:
        self._store = store
        self._issues: OrderedDict[int, Ahead] = OrderedDict()
        self._made: OrderedDict[Hashable, Any] = OrderedDict()

    async def issue(self, forecast_id: int | None) -> Ahead | None:
        """Return an issue; None where it is not there any more."""
        if self._store is None or forecast_id is None:
            return None
        if forecast_id not in self._issues:
            stored = await self._store.by_id(forecast_id)
            if stored is None:
                return None
            _keep(self._issues, forecast_id, Ahead(forecast_id, stored.forecast), WHOLE)
        self._issues.move_to_end(forecast_id)
        return self._issues[forecast_id]

    def known(self, key: Hashable) -> Any:
        """Return what was kept under a key, None where nothing is."""
        return self._made.get(key)

    def keep(self, key: Hashable, made: Any) -> None:
        """Keep something small that an issue says."""
        _keep(self._made, key, made, SMALL)


def _keep(where: OrderedDict[Any, Any], key: Hashable, value: Any, most: int) -> None:
    where[key] = value
    while len(where) > most:
        where.popitem(last=False)
