"""All that is needed to sign in and to manage who does, as one thing that routes and commands are given."""

from __future__ import annotations

from dataclasses import dataclass

from ops_api.identity.accounts import Accounts
from ops_api.identity.factors import Factors
from ops_api.identity.keys import Keys
from ops_api.identity.model import Terms
from ops_api.identity.oidc import AtProvider, Provider
from ops_api.identity.passkeys import Passkeys
from ops_api.identity.passwords import Passwords
from ops_api.identity.phones import Phones
from ops_api.identity.postgres import PostgresIdentity
from ops_api.identity.secrets import Secrets
from ops_api.identity.sessions import StaffSessions
from ops_api.identity.steps import Steps
from ops_api.queries import Db


@dataclass(frozen=True, slots=True)
class IdentityDesk:
    """Accounts, and each way to show whose one is; ``secret``: key of the marks that browsers keep."""

    terms: Terms
    secret: bytes
    accounts: Accounts
    passwords: Passwords
    factors: Factors
    sessions: StaffSessions
    keys: Keys
    steps: Steps
    identity: PostgresIdentity
    passkeys: Passkeys
    phones: Phones
    provider: Provider | None = None


def desk_on(db: Db, secrets: Secrets, terms: Terms, at: AtProvider | None = None) -> IdentityDesk:
    """Return the desk on rows of a database; ``at``: the provider at which staff sign in, if there is one."""
    steps = Steps(db)
    sessions, keys = StaffSessions(db, terms), Keys(db, secrets.marks, terms)
    return IdentityDesk(
        terms=terms,
        secret=secrets.marks,
        accounts=Accounts(db, steps),
        passwords=Passwords(db, secrets.marks, terms),
        factors=Factors(db, secrets),
        sessions=sessions,
        keys=keys,
        steps=steps,
        identity=PostgresIdentity(sessions, keys),
        passkeys=Passkeys(db, steps),
        phones=Phones(db, steps),
        provider=None if at is None else Provider(at, steps),
    )
