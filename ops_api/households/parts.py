"""What households' pages are made of, each on the role that it runs as."""

from __future__ import annotations

from dataclasses import dataclass

from ops_api.households.gone import GoneBook
from ops_api.households.joining import Joining
from ops_api.households.people import People
from ops_api.households.ports import Eraser, NoEraser
from ops_api.households.sessions import Sessions
from ops_api.queries import Db, Pool
from ops_api.queries.as_role import RoleDb


@dataclass(frozen=True, slots=True)
class Households:
    """Who is signed in, who may join, who lives where, and what deletes."""

    sessions: Sessions
    joining: Joining
    people: People
    eraser: Eraser


def households_on(db: Db, residents: Pool, gone: GoneBook | None, eraser: Eraser | None) -> Households:
    """Return the parts: ``db``'s connections as ``cityops_registrar``, what residents read on ``residents``."""
    registrar = RoleDb(db, "cityops_registrar")
    return Households(
        Sessions(registrar, residents), Joining(registrar), People(registrar, gone), eraser or NoEraser()
    )
