"""Second factors: codes of an authenticator (TOTP, RFC 6238), and recovery codes for the day it is lost.

Whoever reads the database finds no secret: they are sealed with AES-GCM under a key that is not there, bound to the account. No
code opens twice, not even at the same moment.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime

import pyotp
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ops_api.households.codes import new_code
from ops_api.identity.core.keys import mark
from ops_api.identity.model import Account, Asker, IdentityRefusedError, WrongError
from ops_api.identity.secrets import Secrets
from ops_api.identity.tries import TryBook
from ops_api.queries import Db

STEP_S = 30
DRIFT_STEPS = 1
"""A telephone's clock may be so many steps before or behind ours."""
RECOVERY_CODES = 10
NONCE_BYTES = 12
WRONG = "That is not the code, or it was used already. Wait for the next one."


@dataclass(frozen=True, slots=True)
class Held:
    """What an account can show besides a password."""

    totp: bool
    passkey: bool

    @property
    def any(self) -> bool:
        """Whether there is anything."""
        return self.totp or self.passkey


class Factors:
    """Keeps authenticators and recovery codes.

    Args:
        db: rows of accounts.
        secrets: keys of the seal and of marks.
    """

    def __init__(self, db: Db, secrets: Secrets) -> None:
        self._db, self._secrets = db, secrets
        self._aead = AESGCM(secrets.seal)
        self._tries = TryBook(db, secrets.marks, "code", "codes")

    async def held(self, account_id: str) -> Held:
        """Return what an account has."""
        return Held(**await self._db.one("factors", account_id=account_id))

    async def begin(self, who: Account, issuer: str) -> tuple[str, str]:
        """Make a secret for an authenticator and return it with the address that its QR code shows.

        It counts for nothing until a code of it was shown; beginning again makes another.

        Raises:
            IdentityRefusedError: the account has an authenticator.
        """
        secret = pyotp.random_base32()
        done = await self._db.row(
            "totp_begin", account_id=who.account_id, sealed=self._seal(secret, who.account_id)
        )
        if done is None:
            raise IdentityRefusedError("You have an authenticator already. Take it away first.")
        return secret, pyotp.TOTP(secret).provisioning_uri(name=who.name, issuer_name=issuer)

    async def begun(self, who: Account, issuer: str) -> tuple[str, str] | None:
        """Return the secret that was begun and not confirmed; None where there is none that can be opened."""
        row = await self._db.row("totp_of", account_id=who.account_id)
        if row is None or row["confirmed_at"] is not None:
            return None
        try:
            secret = self._open(bytes(row["sealed"]), who.account_id)
        except IdentityRefusedError:
            return None  # sealed under another identity secret: another is begun
        return secret, pyotp.TOTP(secret).provisioning_uri(name=who.name, issuer_name=issuer)

    async def confirm(self, who: Account, code: str, now: datetime) -> None:
        """Take the begun secret for good, since a code of it was shown.

        Raises:
            WrongError: it is none of its codes.
        """
        if not await self._totp(who, code, now, confirmed=False):
            raise WrongError(WRONG)

    async def check(self, who: Account, typed: str, asker: Asker, now: datetime) -> None:
        """Take a code of the authenticator, or a recovery code.

        Raises:
            WrongError: it is neither, or was used.
            WaitError: too many were wrong; this one was not looked at.
        """
        await self._tries.count(who.name, asker, now)
        if not (await self._totp(who, typed, now, confirmed=True) or await self._recovery(who, typed, now)):
            raise WrongError(WRONG)
        await self._tries.right(who.name, asker, now)

    async def new_recovery_codes(self, who: Account) -> tuple[str, ...]:
        """Make ten recovery codes and return them, this once; those before are void."""
        made = tuple(new_code() for _ in range(RECOVERY_CODES))
        async with self._db.transaction() as t:
            await t.rows("codes_drop", account_id=who.account_id)
            for code in made:
                await t.rows("code_add", account_id=who.account_id, hash=self._code_mark(code))
        return made

    async def reset(self, account_id: str) -> None:
        """Take away all that a lost telephone may hold: authenticator, recovery codes and passkeys."""
        await self.drop(account_id)
        await self._db.rows("passkeys_drop", account_id=account_id)

    async def drop(self, account_id: str) -> None:
        """Take away an account's authenticator and recovery codes."""
        async with self._db.transaction() as t:
            await t.rows("totp_drop", account_id=account_id)
            await t.rows("codes_drop", account_id=account_id)

    async def _totp(self, who: Account, typed: str, now: datetime, *, confirmed: bool) -> bool:
        code = "".join(typed.split())
        if len(code) != 6 or not code.isascii() or not code.isdecimal():
            return False
        row = await self._db.row("totp_of", account_id=who.account_id)
        if row is None or (row["confirmed_at"] is not None) != confirmed:
            return False
        step = _step_of(self._open(bytes(row["sealed"]), who.account_id), code, now)
        if step is None:
            return False
        done = await self._db.row("totp_use", account_id=who.account_id, step=step, now=now)
        return done is not None

    async def _recovery(self, who: Account, typed: str, now: datetime) -> bool:
        done = await self._db.row("code_use", account_id=who.account_id, hash=self._code_mark(typed), now=now)
        return done is not None

    def _code_mark(self, code: str) -> bytes:
        plain = "".join(c for c in code.upper() if c.isalnum()).translate(str.maketrans("OIL", "011"))
        return mark(self._secrets.marks, f"recovery\n{plain}")

    def _seal(self, secret: str, account_id: str) -> bytes:
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._aead.encrypt(nonce, secret.encode(), account_id.encode())

    def _open(self, sealed: bytes, account_id: str) -> str:
        try:
            return self._aead.decrypt(
                sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], account_id.encode()
            ).decode()
        except InvalidTag as error:
            raise IdentityRefusedError(
                "Your authenticator was set up under another identity secret. An administrator can take it away."
            ) from error


def _step_of(secret: str, code: str, now: datetime) -> int | None:
    """Return the step whose code this is, the one now or next to it; None: of none."""
    totp, now_step = pyotp.TOTP(secret), int(now.timestamp()) // STEP_S
    for step in range(now_step - DRIFT_STEPS, now_step + DRIFT_STEPS + 1):
        if pyotp.utils.strings_equal(totp.at(step * STEP_S), code):
            return step
    return None
