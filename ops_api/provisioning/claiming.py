"""Devices claim their name and their first credential, and ask for the next one."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from devices.contract.claim_code import code_hash, plain_code
from devices.contract.provisioning import (
    ClaimAnswer,
    ClaimRequest,
    Kind,
    RotateAnswer,
    RotateRequest,
    fits,
    is_verifier,
)
from devices.contract.update.manifest import Key, KeyList, canonical
from ops_api.provisioning.claim_limits import Limit, limits_of_claims, limits_of_rotations
from ops_api.provisioning.core.claims import WORDS, Claim, decide
from ops_api.provisioning.ports import ProvisioningRefusedError, Signer
from ops_api.queries import Db, Row, Transaction


class ClaimRefusedError(ProvisioningRefusedError):
    """A claim opens nothing; ``status`` is HTTP's."""

    def __init__(self, words: str, status: int) -> None:
        super().__init__(words)
        self.status = status


@dataclass(frozen=True, slots=True)
class Meeting:
    """Where devices of this installation connect: host and port, and the authority's PEM; empty: no TLS."""

    host: str
    port: int
    ca: str = ""


@dataclass(frozen=True, slots=True)
class _Brought:
    """What a device brought: to be kept, and what it is told."""

    kind: Kind
    verifier: str
    serial: str = ""
    expires_at: datetime | None = None
    certificate: str = ""


class Claiming:
    """Takes claims and rotations.

    Args:
        db: of a role that may write what devices sign in with.
        meeting: what devices are told.
        signer: the authority for certificates; None: passwords only.
    """

    def __init__(self, db: Db, meeting: Meeting, signer: Signer | None = None) -> None:
        self._db = db
        self._meeting = meeting
        self._signer = signer

    async def claim(self, request: ClaimRequest, address: str, now: datetime) -> ClaimAnswer:
        """Give the code's device the credential that it brought.

        Raises:
            ClaimRefusedError: 404 the code opens nothing, 409 it was used by another card or the device is out of
                service, 422 what it brought can't be used, 429 too many wrong codes came from this network.
        """
        plain = plain_code(request.code)
        if plain is None:
            raise ClaimRefusedError("code: 18 letters and digits, as on the label; one is mistyped", 422)
        self._check_one(request.verifier, request.csr)
        limits = limits_of_claims(address)
        await self._not_too_often(limits)
        try:
            async with self._db.transaction() as t:
                return await self._claim(t, plain, request, now)
        except ClaimRefusedError as e:
            if e.status == 404:
                await self._count(limits)
            raise

    async def _claim(self, t: Transaction, plain: str, request: ClaimRequest, now: datetime) -> ClaimAnswer:
        row = await t.row("claim_found", hash=code_hash(plain))
        if row is not None:  # what counts is what stands once nobody else is at it
            await t.rows("device_lock", device_id=row["device_id"])
            row = await t.row("claim_found", hash=code_hash(plain))
        # A signing request is remembered by its own mark: the certificate's number is a new one each time.
        token = request.verifier or "csr:" + hashlib.sha256(request.csr.encode()).hexdigest()
        outcome = decide(None if row is None else _claim_of(row), request.install, token, now)
        if row is None or outcome not in ("grant", "again"):
            raise ClaimRefusedError(WORDS[outcome], 409 if outcome in ("used", "closed") else 404)
        brought = self._brought(request.verifier, request.csr, row["name"], now)
        if outcome == "grant":
            await t.rows("claim_used", claim_id=row["claim_id"], install=request.install, verifier=token)
            await self._give(t, row["device_id"], brought, "revoked", "claimed anew")
            await t.rows("device_state_put", device_id=row["device_id"], state="active", reason="", keep=None)
            await _act(t, row["device_id"], row["name"], "claimed", f"card {request.install}")
        elif brought.kind == "x509":
            await self._give(t, row["device_id"], brought, "old", "the same claim again")
        return _answer(row, self._meeting, brought.certificate, _key_list(await t.rows("update_keys")))

    async def rotate(
        self, name: str, password: str, request: RotateRequest, address: str, now: datetime
    ) -> RotateAnswer:
        """Give a device the next credential that it made; the present one, or the one before it, is the proof.

        Raises:
            ClaimRefusedError: 401 it proves nothing, 409 the device is out of service, 422 what it brought can't be used,
                429 too many wrong ones came from this device or its network.
        """
        self._check_one(request.verifier, request.csr)
        limits = limits_of_rotations(address, name)
        await self._not_too_often(limits)
        try:
            async with self._db.transaction() as t:
                return await self._rotate(t, name, password, request, now)
        except ClaimRefusedError as e:
            if e.status == 401:
                await self._count(limits)
            raise

    async def _rotate(
        self, t: Transaction, name: str, password: str, request: RotateRequest, now: datetime
    ) -> RotateAnswer:
        device = await t.row("device_of", name=name)
        known = None
        if device is not None:
            await t.rows("device_lock", device_id=device["device_id"])
            known = await t.row("credential_now", device_id=device["device_id"])
        if device is None or known is None or not await self._proves(t, device, known, password, request):
            raise ClaimRefusedError("the present credential does not prove it", 401)
        if device["state"] != "active" or device["retired_at"] is not None:
            raise ClaimRefusedError(WORDS["closed"], 409)
        brought = self._brought(request.verifier, request.csr, name, now)
        if brought.verifier != known["verifier"]:
            await self._give(t, device["device_id"], brought, "old", "rotated")
            await _act(t, device["device_id"], name, "rotated", brought.kind)
        return RotateAnswer(name=name, certificate=brought.certificate)

    async def _proves(
        self, t: Transaction, device: Row, known: Row, password: str, request: RotateRequest
    ) -> bool:
        if known["kind"] == "x509":
            if self._signer is None or not request.csr:
                return False
            try:
                signature = base64.b64decode(request.signature, validate=True)
            except binascii.Error:
                return False
            shown = self._signer.proves(request.csr, request.certificate, signature)
            return shown is not None and (shown == known["verifier"] or shown in await _before(t, device))
        if fits(password, known["verifier"]):
            return True
        # Its answer was lost: it asks for the same again with the credential that it still has.
        before = await _before(t, device) if request.verifier == known["verifier"] else ()
        return any(fits(password, one) for one in before[:1])

    def _check_one(self, verifier: str, csr: str) -> None:
        if bool(verifier) == bool(csr):
            raise ClaimRefusedError("bring one of verifier and csr", 422)
        if verifier and not is_verifier(verifier):
            raise ClaimRefusedError(
                "verifier: $7$iterations$salt$hash of a password, made on the device", 422
            )
        if csr and self._signer is None:
            raise ClaimRefusedError("this installation gives no certificates: claim without --x509", 422)

    def _brought(self, verifier: str, csr: str, name: str, now: datetime) -> _Brought:
        if verifier:
            return _Brought("token", verifier)
        assert self._signer is not None
        try:
            signed = self._signer.sign(csr, name, now)
        except ProvisioningRefusedError as e:
            raise ClaimRefusedError(str(e), 422) from e
        return _Brought("x509", signed.mark, signed.serial, signed.expires_at, signed.pem)

    async def _give(self, t: Transaction, device_id: int, brought: _Brought, before: str, why: str) -> None:
        await t.rows("credentials_end", device_id=device_id, state=before, why=why)
        added = await t.rows(
            "credential_add",
            device_id=device_id,
            kind=brought.kind,
            verifier=brought.verifier,
            serial=brought.serial,
            expires_at=brought.expires_at,
        )
        if not added:
            raise ClaimRefusedError("verifier: the device had this password before; make a new one", 422)

    async def _not_too_often(self, limits: Sequence[Limit]) -> None:
        for limit in limits:
            tried = await self._db.row("claim_tries", source=limit.source)
            if tried is not None and tried["tries"] >= limit.most:
                raise ClaimRefusedError(limit.words, 429)

    async def _count(self, limits: Sequence[Limit]) -> None:
        async with self._db.transaction() as t:
            for limit in limits:
                await t.rows("claim_tried", source=limit.source)
            await t.rows("claim_tries_forget")


def _claim_of(row: Row) -> Claim:
    return Claim(
        expires_at=row["expires_at"],
        revoked=row["revoked"],
        install=row["install"],
        verifier=row["verifier"],
        state=row["state"],
    )


def _key_list(rows: Sequence[Row]) -> str:
    """Return the first list of keys of a device; empty where nobody may sign updates yet."""
    keys = {
        use: tuple(Key(key_id=r["key_id"], public=r["public"]) for r in rows if r["use"] == use)
        for use in ("root", "release")
    }
    if not all(keys.values()):
        return ""
    listed = KeyList(serial=1, made_at=0, root=keys["root"], release=keys["release"])
    return canonical(listed).decode()


def _answer(row: Row, meeting: Meeting, certificate: str, update_keys: str) -> ClaimAnswer:
    return ClaimAnswer(
        name=row["name"],
        kind=row["kind"],
        shard=row["shard"],
        cadence_s=row["cadence_s"],
        host=meeting.host,
        port=meeting.port,
        ca=meeting.ca,
        certificate=certificate,
        update_keys=update_keys,
    )


async def _before(t: Transaction, device: Row) -> tuple[str, ...]:
    """Return what the device showed before, as long as an answer may be asked for again; the last first."""
    rows = await t.rows("credentials_before", device_id=device["device_id"])
    return tuple(str(row["verifier"]) for row in rows)


async def _act(t: Transaction, device_id: int, by: str, act: str, detail: str) -> None:
    await t.rows("device_act_add", device_id=device_id, by=f"device {by}", act=act, detail=detail)
