"""Composition of the front door: who somebody is, for the routes of the API."""

from __future__ import annotations

from cityops.settings import Settings
from ops_api.queries import Pool
from ops_api.routers.context import FrontDoor
from ops_api.wiring_identity import identity_desk, identity_secrets


def front_door(settings: Settings, pool: Pool) -> FrontDoor:
    """Return who somebody is, and where people sign in.

    Raises:
        ConfigurationError: the identity secret can be neither read nor made.
    """
    secrets = identity_secrets(settings)
    desk = identity_desk(settings, pool, secrets)
    return FrontDoor(
        identity=desk.identity,
        desk=desk,
        secret=secrets.forms,
        public_url=settings.api.public_url.rstrip("/"),
        retention=settings.retention,
    )
