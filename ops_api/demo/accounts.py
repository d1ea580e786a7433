"""Accounts of a demo: one a role, each with a password made of chance and printed once."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from pathlib import Path

from cityops.db.pool import connect
from cityops.settings import Settings
from ops_api.access.model import STAFF, Role
from ops_api.queries import OneConnection
from ops_api.wiring_identity import identity_desk

PEOPLE = {
    Role.HIGHWAYS: "ada",
    Role.GRITTER_CREW: "bo",
    Role.WASTE: "cleo",
    Role.BIN_CREW: "dev",
    Role.OPERATIONS: "ella",
    Role.HOUSING: "finn",
    Role.DEVICES: "gus",
    Role.ADMIN: "hana",
}
"""Who plays which role."""


async def demo_accounts(settings: Settings, folder: Path, dsn: str) -> list[tuple[str, str, Role]]:
    """Make an account for each role of staff; return names, passwords and roles.

    Args:
        settings: of the demo.
        folder: its own, where the website's secret is.
        dsn: its database.

    Raises:
        TransientError: the database does not answer.
    """
    own = settings.model_copy(update={"data_dir": folder})
    made = []
    async with await connect(dsn, application_name="cityops demo", autocommit=False) as connection:
        desk = identity_desk(own, OneConnection(connection))
        for role in sorted(STAFF):
            who, password, now = PEOPLE[role], secrets.token_hex(10), datetime.now(UTC)
            account = await desk.accounts.add(f"{who}.{role}", who.title(), (role,), "demo", now)
            await desk.passwords.set(account, password, now)
            made.append((account.name, password, role))
    return made


def account_lines(address: str | None, made: list[tuple[str, str, Role]]) -> list[str]:
    """Return what is printed of them: each opens what its role may, and nothing else. Without pages nothing is."""
    if address is None:
        return []
    width = max(len(name) for name, _, _ in made)
    return [
        f"  {address}/sign-in   accounts, one a role; passwords of this demo alone:",
        *(f"    {name:<{width}}  {password}" for name, password, _ in made),
    ]
