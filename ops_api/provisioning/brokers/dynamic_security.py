"""Mosquitto's plugin for dynamic security as the list of who may not come in, beside the password file.

Its commands take passwords in clear, which never leave a device; so passwords stay in the file, as hashes. A client that
the plugin knows as disabled is refused whatever the file says, and its live session ends at once, from any host and
without a reload. What it knows is who is refused; everybody else it passes on to the file.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress

from cityops.errors import TransientError
from ops_api.provisioning.brokers.password_file import PasswordFile
from ops_api.provisioning.brokers.service_login import ServiceLogin, command
from ops_api.provisioning.ports import Changes, Wanted

AT_ONCE = 200
"""Commands in one message: an answer of each comes back."""


class DynamicSecurity:
    """See :class:`ops_api.provisioning.ports.BrokerAccess`.

    Args:
        file: the passwords.
        login: may use the plugin's topics.
    """

    def __init__(self, file: PasswordFile, login: ServiceLogin) -> None:
        self._file = file
        self._login = login

    async def known(self) -> Mapping[str, str]:
        """Return the password hash of every login."""
        return await self._file.known()

    async def make_so(self, wanted: Wanted) -> Changes:
        """Shut out who is refused, then change the passwords, then let in again who is not refused any more.

        Where the plugin does not answer, the files are written all the same: a broker that is started later must not let in
        who was revoked meanwhile, and does not start at all without the list of revoked certificates.
        """
        try:
            known = await asyncio.to_thread(self._known)
        except TransientError:
            with suppress(TransientError):
                await self._file.make_so(wanted)
            raise
        refused = {name for name, is_out in known.items() if is_out}
        new = sorted(wanted.refused - refused)
        unknown = [name for name in new if name not in known]  # others were made before an answer was lost
        await asyncio.to_thread(self._do, [*_each("createClient", unknown), *_each("disableClient", new)])
        changes = await self._file.make_so(wanted)
        again = sorted(refused - wanted.refused)
        await asyncio.to_thread(self._do, _each("deleteClient", again))
        return Changes(
            sorted({*changes.added, *(set(again) & wanted.logins.keys())}),
            changes.changed,
            sorted({*changes.removed, *new}),
        )

    def _known(self) -> dict[str, bool]:
        """Return whom the plugin knows, and whether they are disabled; whoever is not is none of ours."""
        [answer] = command(self._login, [{"command": "listClients", "verbose": True}])
        clients = answer.get("data", {}).get("clients", [])
        return {client["username"]: bool(client.get("disabled", False)) for client in clients}

    def _do(self, commands: list[dict[str, str]]) -> None:
        for at in range(0, len(commands), AT_ONCE):
            command(self._login, commands[at : at + AT_ONCE])


def _each(what: str, names: list[str]) -> list[dict[str, str]]:
    return [{"command": what, "username": name} for name in names]
