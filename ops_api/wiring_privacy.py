"""Composition of what deletes and of what is told of privacy."""

from __future__ import annotations

from cityops.settings import Settings
from ingest.erasure import Erasure
from ops_api.households.ports import Eraser
from ops_api.households.queued import QueuedEraser
from ops_api.queries import Db, Pool
from ops_api.queries.as_role import RoleDb
from ops_api.wiring import kinds_of


def as_login(settings: Settings) -> Settings:
    """Return the settings of a process that has the API's own login, where there is one, and not the owner's."""
    if not settings.api.dsn:
        return settings
    return settings.model_copy(update={"db": settings.db.model_copy(update={"dsn": settings.api.dsn})})


def eraser_of(settings: Settings, pool: Pool) -> Eraser:
    """Return what deletes: at once where this process has the owner's login, else the ingester's process does."""
    if settings.api.dsn:
        return QueuedEraser(RoleDb(Db(pool), "cityops_registrar"))
    return Erasure(settings.db.dsn, kinds_of(settings))
