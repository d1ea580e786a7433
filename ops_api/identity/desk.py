"""All that is needed to sign in and to manage who does, as one thing that routes and commands are given."""

from __future__ import annotations

from dataclasses import dataclass

from ops_api.identity.accounts import Accounts
from ops_api.identity.factors import Factors
from ops_api.identity.keys import Keys
from ops_api.identity.model import Terms
from ops_api.identity.passwords import Passwords
from ops_api.identity.postgres import PostgresIdentity
from ops_api.identity.secrets import Secrets
from ops_api.identity.sessions import StaffSessions
from ops_api.identity.steps import Steps
from ops_api.queries import Db


@dataclass(frozen=True, slots=True)
class IdentityDesk:
    """Accounts, and each way to show whose one is."""

    terms: Terms
    accounts: Accounts
    passwords: Passwords
    factors: Factors
    sessions: StaffSessions
    keys: Keys
    steps: Steps
    identity: PostgresIdentity


def desk_on(db: Db, secrets: Secrets, terms: Terms) -> IdentityDesk:
    """Return the desk on rows of a database."""
    steps = Steps(db)
    sessions, keys = StaffSessions(db, terms), Keys(db, secrets.marks, terms)
    return IdentityDesk(
        terms=terms,
        accounts=Accounts(db, steps),
        passwords=Passwords(db, secrets.marks, terms),
        factors=Factors(db, secrets),
        sessions=sessions,
        keys=keys,
        steps=steps,
        identity=PostgresIdentity(sessions, keys),
    )
