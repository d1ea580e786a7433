"""A code for a new phone: it signs a resident in there as who she is, where an invitation would make somebody new of her.

Once, and within minutes where she made it on a phone that is signed in; within a day where the operator made it for who lost hers.
A code has the 65 bits of an invitation's, so nobody guesses one; the newest voids those before, and so does signing out everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from ops_api.households.codes import new_code
from ops_api.identity.steps import Steps
from ops_api.queries import Db

OWN_LIFE, GIVEN_LIFE = timedelta(minutes=15), timedelta(hours=24)
_ALIKE = str.maketrans("OIL", "011")


@dataclass(frozen=True, slots=True)
class PhoneCode:
    """A code, this once, and until when it opens."""

    code: str
    expires_at: datetime


class Phones:
    """Makes codes for residents' phones, and takes them.

    Args:
        db: rows of steps.
        steps: keeps the codes' hashes.
    """

    def __init__(self, db: Db, steps: Steps) -> None:
        self._db, self._steps = db, steps

    async def code(self, resident_id: str, now: datetime, life: timedelta = OWN_LIFE) -> PhoneCode:
        """Make a code for a phone of a resident's; those before are void."""
        await self.void(resident_id, now)
        made = new_code()
        await self._steps.begin("link", life, now, resident_id=resident_id, token=_token(made))
        return PhoneCode(made, now + life)

    async def opens(self, typed: str, now: datetime) -> bool:
        """Return whether a code opens somebody's home, without using it."""
        found = await self._steps.look("link", _token(typed), now)
        return found is not None and found.resident_id is not None

    async def take(self, typed: str, now: datetime) -> str | None:
        """Use a code and return whose it is; None: it is none, or was used, or its time is over."""
        found = await self._steps.take("link", _token(typed), now)
        return None if found is None else found.resident_id

    async def void(self, resident_id: str, now: datetime) -> None:
        """Have no code of a resident's open anything."""
        await self._db.rows("steps_void_resident", resident_id=resident_id, now=now)


def _token(typed: str) -> str:
    """Return what is hashed of a code as somebody types it: blanks, hyphens and case do not matter, nor letters that look like digits."""
    plain = "".join(c for c in typed.upper() if c.isascii() and c.isalnum()).translate(_ALIKE)
    return f"phone {plain}"
