"""Passkeys (WebAuthn level 3): made, shown, taken away. One shown with the finger or PIN of its owner counts as two factors.

A challenge is a step of :mod:`ops_api.identity.steps`: it holds five minutes, once, in the browser that asked.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import webauthn
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from ops_api.identity.model import IdentityRefusedError, WrongError
from ops_api.identity.steps import Step, Steps, What
from ops_api.queries import Db, Row

LIFE = timedelta(minutes=5)
LABEL_MOST = 60
MOST = 20
"""Passkeys of one owner."""
WRONG = "That passkey does not open anything here."
OVER = "That took too long. Try again."


@dataclass(frozen=True, slots=True)
class Site:
    """Where passkeys are good: the host's name, and the address pages come from. An IP address can have none."""

    rp_id: str
    origin: str
    council: str


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose a passkey is: an account's, or a resident's."""

    account_id: str | None = None
    resident_id: str | None = None
    name: str = ""
    label: str = ""

    @property
    def ids(self) -> dict[str, str | None]:
        """The two columns that say whose it is."""
        return {"account_id": self.account_id, "resident_id": self.resident_id}


class Passkeys:
    """Keeps passkeys' public keys.

    Args:
        db: rows of passkeys.
        steps: keeps challenges.
    """

    def __init__(self, db: Db, steps: Steps) -> None:
        self._db, self._steps = db, steps

    async def begin_new(self, owner: Owner, site: Site, now: datetime) -> tuple[str, str]:
        """Return a step's token, and what the browser needs to make a passkey, as JSON.

        Raises:
            IdentityRefusedError: the owner has too many.
        """
        there = await self.listed(owner)
        if len(there) >= MOST:
            raise IdentityRefusedError("You have as many passkeys as there can be. Take one away first.")
        options = webauthn.generate_registration_options(
            rp_id=site.rp_id,
            rp_name=site.council,
            user_id=UUID(owner.account_id or owner.resident_id or "").bytes,
            user_name=owner.name,
            user_display_name=owner.label,
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED,
                user_verification=UserVerificationRequirement.REQUIRED,
            ),
            exclude_credentials=[PublicKeyCredentialDescriptor(id=bytes(r["credential_id"])) for r in there],
        )
        return await self._begin("passkey_new", options.challenge, now, owner), webauthn.options_to_json(
            options
        )

    async def finish_new(
        self, owner: Owner, site: Site, token: str, said: dict[str, Any], label: str, now: datetime
    ) -> None:
        """Keep a passkey that the browser made.

        Raises:
            WrongError: it is not one, or not of this challenge, site and owner.
        """
        step = await self._steps.take("passkey_new", token, now)
        if step is None or (step.account_id, step.resident_id) != (owner.account_id, owner.resident_id):
            raise WrongError(OVER)
        try:
            made = webauthn.verify_registration_response(
                credential=said,
                expected_challenge=_challenge(step),
                expected_rp_id=site.rp_id,
                expected_origin=site.origin,
                require_user_verification=True,
            )
        except (WebAuthnException, ValueError, KeyError, TypeError) as error:
            raise WrongError(WRONG) from error
        await self._keep(owner, made.credential_id, made.credential_public_key, made.sign_count, label, now)

    async def begin(self, site: Site, now: datetime) -> tuple[str, str]:
        """Return a step's token, and what the browser needs to show a passkey of whomever it has, as JSON."""
        options = webauthn.generate_authentication_options(
            rp_id=site.rp_id, user_verification=UserVerificationRequirement.REQUIRED
        )
        return await self._begin("passkey", options.challenge, now), webauthn.options_to_json(options)

    async def finish(self, site: Site, token: str, said: dict[str, Any], now: datetime) -> Owner:
        """Return whose passkey the browser showed.

        Raises:
            WrongError: nobody's, or not of this challenge and site, or a copy's.
        """
        step = await self._steps.take("passkey", token, now)
        if step is None:
            raise WrongError(OVER)
        row = await self._shown(said)
        try:
            shown = webauthn.verify_authentication_response(
                credential=said,
                expected_challenge=_challenge(step),
                expected_rp_id=site.rp_id,
                expected_origin=site.origin,
                credential_public_key=bytes(row["public_key"]),
                credential_current_sign_count=row["sign_count"],
                require_user_verification=True,
            )
        except (WebAuthnException, ValueError, KeyError, TypeError) as error:
            raise WrongError(WRONG) from error
        await self._use(bytes(row["credential_id"]), shown.new_sign_count, now)
        return Owner(_text(row["account_id"]), _text(row["resident_id"]))

    async def listed(self, owner: Owner) -> list[Row]:
        """Return an owner's passkeys, the oldest first."""
        return await self._db.rows("passkeys", **owner.ids)

    async def drop(self, owner: Owner, passkey_id: str) -> bool:
        """Take a passkey away; return whether the owner had it."""
        try:
            credential_id = base64url_to_bytes(passkey_id)
        except ValueError:
            return False
        return await self._db.row("passkey_drop", credential_id=credential_id, **owner.ids) is not None

    async def _begin(self, what: What, challenge: bytes, now: datetime, owner: Owner | None = None) -> str:
        ids = (owner or Owner()).ids
        return await self._steps.begin(
            what,
            LIFE,
            now,
            account_id=ids["account_id"],
            resident_id=ids["resident_id"],
            data={"challenge": bytes_to_base64url(challenge)},
        )

    async def _shown(self, said: dict[str, Any]) -> Row:
        try:
            credential_id = base64url_to_bytes(said["rawId"])
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise WrongError(WRONG) from error
        row = await self._db.row("passkey_of", credential_id=credential_id)
        if row is None:
            raise WrongError(WRONG)
        return row

    async def _keep(
        self,
        owner: Owner,
        credential_id: bytes,
        public_key: bytes,
        sign_count: int,
        label: str,
        now: datetime,
    ) -> None:
        done = await self._db.row(
            "passkey_add",
            credential_id=credential_id,
            public_key=public_key,
            sign_count=sign_count,
            label=label.strip()[:LABEL_MOST],
            now=now,
            **owner.ids,
        )
        if done is None:
            raise WrongError("This passkey is here already.")

    async def _use(self, credential_id: bytes, sign_count: int, now: datetime) -> None:
        done = await self._db.row("passkey_used", credential_id=credential_id, sign_count=sign_count, now=now)
        if done is None:
            raise WrongError(WRONG)  # shown twice at once with one count: one of them is a copy


def said_of(text: bytes) -> dict[str, Any]:
    """Return what a browser sent of a passkey.

    Raises:
        WrongError: it is no JSON object.
    """
    try:
        said = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise WrongError(WRONG) from error
    if not isinstance(said, dict):
        raise WrongError(WRONG)
    return said


def _challenge(step: Step) -> bytes:
    return base64url_to_bytes(step.data["challenge"])


def _text(value: object) -> str | None:
    return None if value is None else str(value)
