"""Composition of the crews' pages."""

from __future__ import annotations

from cityops.db.transaction import Lender
from cityops.settings import Settings
from ops_api.crew_desk import CrewDesk
from ops_api.housing.team_door import TeamDoor
from ops_api.wiring_rounds import round_desk
from rules.collection_acts.store import PostgresActs
from rules.crew_photos.store import PostgresCrewAlbum
from rules.crew_taps.service import CrewTaps
from rules.rounds.making import in_thread
from rules.rounds.ports import Makes

TEAM = "crew"


def crew_desk(settings: Settings, pool: Lender, makes: Makes = in_thread) -> CrewDesk:
    """Return what the pages need; ``makes`` makes the plans."""
    rounds = round_desk(settings, pool, makes)
    given = settings.crew.password
    return CrewDesk(
        rounds,
        CrewTaps(rounds, PostgresActs(pool), PostgresCrewAlbum(pool)),
        None if given is None else TeamDoor(given.get_secret_value(), TEAM),
    )
