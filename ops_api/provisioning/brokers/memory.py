"""A broker's logins in memory: for tests of what stands around it."""

from __future__ import annotations

from collections.abc import Mapping

from cityops.errors import TransientError
from devices.contract.provisioning import fits
from ops_api.provisioning.core.logins import changes_of
from ops_api.provisioning.ports import Changes, Wanted


class MemoryAccess:
    """See :class:`ops_api.provisioning.ports.BrokerAccess`.

    Attributes:
        lines: password hash by login, services' included.
        live: who is connected.
        away: whether the broker does not answer; what it reads is changed all the same.
    """

    def __init__(self, lines: Mapping[str, str]) -> None:
        self.lines = dict(lines)
        self.live: set[str] = set()
        self.away = False
        self._owed: set[str] = set()

    async def known(self) -> Mapping[str, str]:
        """Return the password hash of every login."""
        return dict(self.lines)

    async def make_so(self, wanted: Wanted) -> Changes:
        """Make devices' logins what is wanted."""
        changes = changes_of(self.lines, wanted)
        for name in (*changes.added, *changes.changed):
            self.lines[name] = wanted.logins[name].verifier
        for name in changes.removed:
            del self.lines[name]
        self._owed |= {*changes.changed, *changes.removed}
        if self.away:
            raise TransientError("the broker does not answer")
        self.live -= self._owed
        self._owed = set()
        return changes

    def enters(self, name: str, password: str) -> bool:
        """Whether somebody gets in with a password; then they are live."""
        if name not in self.lines or not fits(password, self.lines[name]):
            return False
        self.live.add(name)
        return True
