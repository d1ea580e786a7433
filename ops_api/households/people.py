"""Who lives in a home: invitations, names, moving out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from ops_api.households import codes
from ops_api.households.gone import Gone, GoneBook
from ops_api.households.model import LivesIn, Member
from ops_api.households.queued import receipt_of
from ops_api.queries import Db, Row


@dataclass(frozen=True, slots=True)
class Invitation:
    """A code for one more person; shown once."""

    code: str
    expires_at: datetime


class People:
    """Changes who lives in a home. A resident removes herself only; others the council removes.

    Args:
        db: the owner's.
        gone: where it is written down, too, who moved out; None where no back-up is made.
    """

    def __init__(self, db: Db, gone: GoneBook | None = None) -> None:
        self._db = db
        self._gone = gone

    async def listed(self, who: Member, home: LivesIn) -> list[Row]:
        """Return who lives in the home and who did since the resident came, those who do first."""
        return await who.db.rows("my_household", home_id=home.home_id)

    async def invite(self, who: Member, home: LivesIn, *, all_of_it: bool) -> Invitation:
        """Return a code that lets one person in within seven days.

        ``all_of_it``: the invited sees what was measured since the inviter moved in, not only from now.
        """
        code = codes.new_code()
        row = await self._db.one(
            "invite_add",
            home_id=home.home_id,
            resident_id=who.resident_id,
            code=code,
            hint=codes.hint(code),
            all_of_it=all_of_it,
        )
        return Invitation(code, row["expires_at"])

    async def receipt(self, erasure_id: str) -> Row | None:
        """Return what a deletion has deleted, ``done_at`` None while it goes on; None where there is no such deletion."""
        found = await receipt_of(self._db, erasure_id)
        return None if found is None else dict(found)

    async def rename(self, who: Member, name: str) -> None:
        """Call the resident ``name``: 1 to 40 characters."""
        await self._db.rows("resident_rename", name=name, resident_id=who.resident_id)

    async def label(
        self,
        home_id: int,
        *,
        days: int | None = None,
        uses: int | None = None,
        from_at: datetime | None = None,
    ) -> str:
        """Return a new code for the label of a home's frog; those before it are void.

        Args:
            home_id: of the home.
            days: after which it opens no more; never without.
            uses: how many may join with it; any number without.
            from_at: from when those who join see what is measured; at most what the first of those who live there does.
                Without it: what all who live there see; in an empty home since the end of the last stay was told.
        """
        code = codes.new_code()
        await self._db.rows(
            "label_add",
            home_id=home_id,
            code=code,
            hint=codes.hint(code),
            days=days,
            uses=uses,
            from_at=from_at,
        )
        return code

    async def leave(self, who: Member, home: LivesIn, at: datetime | None = None) -> None:
        """Move out, now or since an earlier time: access ends at once, consents, invitations and reminders with it.

        The label's code is void, since who leaves has read it; the last one to leave makes every code of the home void.
        What was written until now stays the household's that ends, also where the end is dated back.
        """
        await self.moved_out(home.home_id, who.resident_id, at)

    async def moved_out(self, home_id: int, resident_id: str, at: datetime | None = None) -> bool:
        """End a stay, see :meth:`leave`; return whether there was one."""
        there = {"home_id": home_id, "resident_id": resident_id}
        async with self._db.transaction() as t:
            await t.rows("lock_home", home_id=home_id)
            if await t.row("member_leave", **there, at=at) is None:
                return False
            await t.rows("consents_end", **there)
            await t.rows("reminders_end", **there)
            await t.rows("reminders_stop", **there)
            await t.rows("codes_end", **there)
            await t.rows("sessions_end", resident_id=resident_id, only_homeless=True)
            await t.rows(
                "access_add",
                home_id=home_id,
                who="Somebody of your home",
                role="resident",
                what="moved out",
                purpose="what they shared is shared no more",
            )
            if self._gone is not None:
                self._gone.add(Gone(datetime.now(UTC), home_id, resident_id, "moved out", at))
        return True
