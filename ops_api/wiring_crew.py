"""Composition of the crews' pages."""

from __future__ import annotations

from cityops.db.transaction import Lender
from cityops.settings import Settings
from ops_api.crew_desk import CrewDesk
from ops_api.housing.team_door import TeamDoor
from rules.collection_acts.store import PostgresActs
from rules.crew_photos.store import PostgresCrewAlbum
from rules.crew_taps.service import CrewTaps
from rules.rounds.service import RoundDesk

TEAM = "crew"


def crew_desk(settings: Settings, pool: Lender, rounds: RoundDesk) -> CrewDesk:
    """Return what the pages need; ``rounds`` is the desk of the rounds."""
    given = settings.crew.password
    return CrewDesk(
        rounds,
        CrewTaps(rounds, PostgresActs(pool), PostgresCrewAlbum(pool)),
        None if given is None else TeamDoor(given.get_secret_value(), TEAM),
    )
