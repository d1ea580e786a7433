"""What commands read of a home is told to the household: who looked, at what, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cityops.errors import ConfigurationError

if TYPE_CHECKING:
    from ops_api.queries import Db

PURPOSE_MOST = 500
WHO_MOST = 120
PURPOSE = "Work on the case of this home, by the council or for it"
"""Where nothing else is said."""

Purpose = Annotated[
    str,
    typer.Option(metavar="TEXT", help="Why you look: the household reads it in its log, with your name."),
]


def purpose_of(text: str) -> str:
    """Return a purpose as it is kept.

    Raises:
        ConfigurationError: it is empty or too long.
    """
    said = text.strip()
    if not said or len(said) > PURPOSE_MOST:
        raise ConfigurationError(
            f"--purpose: say why in 1 to {PURPOSE_MOST} characters; the household reads it"
        )
    return said


async def looked(db: Db, home_id: int, who: str, what: str, purpose: str) -> None:
    """Write a line into the household's log, before what was read is shown.

    Raises:
        ConfigurationError: the purpose is empty or too long.
    """
    await db.rows(
        "access_add",
        home_id=home_id,
        who=who[:WHO_MOST],
        role="operations",
        what=what,
        purpose=purpose_of(purpose),
    )
