"""Composition of the road forecaster beside the rules."""

from __future__ import annotations

import asyncio
from typing import Any
from zoneinfo import ZoneInfo

from psycopg_pool import AsyncConnectionPool

from cityops.clock import SystemClock
from cityops.settings import RulesSettings
from devices.registry import Registry
from rules.catalogue.loader import load
from rules.catalogue.ports import CatalogueStore
from rules.catalogue.rulebook import readable
from rules.core.context import build_context
from rules.core.parameters import Catalogue
from rules.store import PostgresRuleStore
from rules.winter.forecaster.gathering import WeatherChoice
from rules.winter.forecaster.metrics import ForecasterMetrics
from rules.winter.forecaster.ports import Installed, Surroundings
from rules.winter.forecaster.service import RoadForecaster
from rules.winter.forecaster.store import PostgresRoadForecasts
from rules.winter.weather.store import PostgresForecasts


def road_forecaster(
    pool: AsyncConnectionPool[Any],
    catalogues: CatalogueStore,
    metrics: ForecasterMetrics,
    settings: RulesSettings,
) -> RoadForecaster:
    """Return the forecaster on a pool of connections."""
    return RoadForecaster(
        PostgresRoadForecasts(pool),
        PostgresForecasts(pool),
        surroundings_of(pool, catalogues),
        SystemClock(),
        choice=choice_of(settings),
        metrics=metrics,
    )


def choice_of(settings: RulesSettings) -> WeatherChoice:
    """Return which weather forecasts are used, as the settings say."""
    names = tuple(n.strip() for n in settings.weather_sources.split(",") if n.strip())
    return WeatherChoice(settings.weather_most_km, names)


def surroundings_of(pool: AsyncConnectionPool[Any], catalogues: CatalogueStore) -> Surroundings:
    """Return what reads registry and live catalogue; where both are as they were, it returns the same as before."""
    store, last = PostgresRuleStore(pool), list[tuple[int | None, Installed]]()

    async def surroundings() -> Installed:
        live, registry = await catalogues.live(), await store.registry()
        number = None if live is None else live.catalogue_id
        if last and last[0][0] == number and last[0][1].registry == registry:
            return last[0][1]
        found = await asyncio.to_thread(_installed, registry, load() if live is None else readable(live))
        last[:] = [(number, found)]
        return found

    return surroundings


def _installed(registry: Registry, catalogue: Catalogue) -> Installed:
    zone = ZoneInfo(catalogue.gritting.parameters.time_zone)
    return Installed(registry, build_context(registry, catalogue, zone))
