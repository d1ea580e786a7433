"""A team's one password (housing, or winter service), and what a browser that gave it carries for a shift. Pure but for chance.

Whoever has the password is of the team; who of the team it is they say themselves, until there is a sign-in for staff.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from ops_api.housing.tries import KNOWN_S, Tries

SHIFT: Final = timedelta(hours=12)
"""So long a browser is not asked again."""


@dataclass(frozen=True, slots=True)
class Pass:
    """What a browser of the team carries: who it is, why or as what, and until when it holds [s since 1970]."""

    name: str
    purpose: str
    until_s: float


class TeamDoor:
    """Knows the password and signs passes.

    Args:
        password: of the team. Passes are signed with a key that is slow to work out from it, so that neither is a pass
            of any use for guessing it, nor does one outlive it; with the same password every process takes the
            others' passes, also after a restart.
        team: which; no team's pass opens another's door, though their passwords were the same.
    """

    def __init__(self, password: str, team: str = "housing") -> None:
        self.team, self.tries = team, Tries()
        self._known = _hash(password)
        self._key = signing_key(password, team)

    def opens(self, typed: str) -> bool:
        """Whether ``typed`` is the password; takes as long whatever is typed."""
        return hmac.compare_digest(_hash(typed), self._known)

    def issue(self, name: str, purpose: str, until: datetime) -> str:
        """Return a pass as text of a cookie."""
        said = json.dumps([name, purpose, until.timestamp(), secrets.token_hex(8)])
        body = base64.urlsafe_b64encode(said.encode())
        return f"{body.decode()}.{self._mark(body)}"

    def read(self, text: str, now: datetime) -> Pass | None:
        """Return a pass that was issued here and still holds; None for anything else."""
        found = self._issued(text)
        return found if found is not None and now.timestamp() < found.until_s else None

    def knows(self, text: str, now: datetime) -> bool:
        """Whether a pass was issued here that holds, or did within 30 days: who has it once gave the password."""
        found = self._issued(text)
        return found is not None and now.timestamp() < found.until_s + KNOWN_S

    def _issued(self, text: str) -> Pass | None:
        body, _, mark = text.encode("utf-8", "surrogatepass").partition(b".")
        if not hmac.compare_digest(self._mark(body).encode(), mark):
            return None
        name, purpose, until_s, _ = json.loads(base64.urlsafe_b64decode(body))
        return Pass(name, purpose, until_s)

    def _mark(self, body: bytes) -> str:
        return hmac.new(self._key, body, hashlib.sha256).hexdigest()


def signing_key(password: str, team: str) -> bytes:
    """Return what a team's passes are signed with; takes some 70 ms of CPU, whoever guesses passwords too."""
    return hashlib.scrypt(password.encode(), salt=f"cityops {team} pass 1".encode(), n=2**14, r=8, p=1)


def _hash(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
