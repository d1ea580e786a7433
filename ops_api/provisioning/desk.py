"""What device managers do: add, label, list, revoke, quarantine, release, retire. Every act is kept with who did it."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from devices.contract.claim_code import RANDOM_BYTES, code_hash, make_code, plain_code
from devices.contract.kind import Kind
from devices.contract.topics import is_device_name, shard_of
from ops_api.provisioning.ports import ProvisioningRefusedError
from ops_api.queries import Db, Row, Transaction

PAGE = 100
State = Literal["unclaimed", "active", "quarantined", "retired"]
STATES: tuple[State, ...] = ("unclaimed", "active", "quarantined", "retired")
TAKEN = frozenset({"ingest", "fleet", "town", "sta", "devices"})
"""Users of the broker that are services."""


class NoSuchDeviceError(ProvisioningRefusedError):
    """There is no device of that name."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class Label:
    """A claim code, which is shown this once; ``device``, until when it opens, and its model, which is its kind."""

    device: str
    code: str
    expires_at: datetime
    model: str = ""


class DeviceDesk:
    """The acts upon devices' identities.

    Args:
        db: of a role that may write what devices sign in with.
        kinds: the installation's kinds of device, by name.
        label_life: how long a label's code opens.
    """

    def __init__(self, db: Db, kinds: dict[str, Kind], label_life: timedelta) -> None:
        self._db = db
        self._kinds = kinds
        self._life = label_life

    async def add(self, name: str, kind: str, by: str, cadence_s: int | None = None) -> Row:
        """Register a device; nobody has claimed it yet.

        Raises:
            ProvisioningRefusedError: a name that is none or taken, a kind that there is not.
        """
        self._check(name, kind)
        async with self._db.transaction() as t:
            made = await t.row(
                "device_made",
                name=name,
                kind=kind,
                shard=shard_of(name),
                cadence_s=self._kinds[kind].cadence_s if cadence_s is None else cadence_s,
            )
            if made is None or made["device_id"] is None:
                raise ProvisioningRefusedError(f"there is a device {name!r} already")
            await self._set(t, made["device_id"], "unclaimed", by, "added", kind)
        return await self.of(name)

    async def label(self, name: str, by: str, life: timedelta | None = None) -> Label:
        """Make the code of a device's label, this once; the label before is void, the credential stays until it is used.

        Raises:
            NoSuchDeviceError, ProvisioningRefusedError: it is retired or quarantined.
        """
        async with self._db.transaction() as t:
            device = await self._locked(t, name)
            self._in_service(device)
            return await self._label(t, device, by, life or self._life)

    async def listed(
        self, after: str | None = None, limit: int = PAGE, *, q: str = "", state: State | None = None
    ) -> list[Row]:
        """Return devices by name, those after ``after``."""
        return await self._db.rows("devices_known", after=after, limit=limit, q=q, state=state)

    async def counts(self) -> dict[str, int]:
        """Return how many devices are in which state."""
        return {row["state"]: row["devices"] for row in await self._db.rows("devices_by_state")}

    async def of(self, name: str) -> Row:
        """Return one device; NoSuchDeviceError where there is none."""
        row = await self._db.row("device_of", name=name)
        if row is None:
            raise NoSuchDeviceError(f"there is no device {name!r}")
        return row

    async def history(self, device_id: int) -> tuple[list[Row], list[Row]]:
        """Return what was done to a device, newest first, and the lives that showed themselves under its name."""
        acts = await self._db.rows("device_acts", device_id=device_id)
        return acts, await self._db.rows("device_runs", device_id=device_id)

    async def revoke(self, name: str, by: str, why: str) -> None:
        """End a device's credential, and its label: it comes in again with a new label only."""
        async with self._db.transaction() as t:
            device = await self._locked(t, name)
            await t.rows("credentials_end", device_id=device["device_id"], state="revoked", why=why[:500])
            await t.rows("claims_revoke", device_id=device["device_id"])
            state: State = "retired" if device["retired_at"] is not None else "unclaimed"
            await self._set(t, device["device_id"], state, by, "revoked", why, reason=f"revoked: {why}")

    async def quarantine(self, name: str, by: str, why: str) -> bool:
        """Keep a device out until somebody has looked; its credential is kept. False: it was so already."""
        async with self._db.transaction() as t:
            device = await self._locked(t, name)
            if device["state"] == "quarantined":
                return False
            self._in_service(device)
            if device["state"] == "unclaimed":
                raise ProvisioningRefusedError(f"{name} is out already: nobody has claimed it")
            await self._set(t, device["device_id"], "quarantined", by, "quarantined", why, reason=why)
        return True

    async def release(
        self, name: str, by: str, *, keep: str | None = None, new_label: bool = False
    ) -> Label | None:
        """End a quarantine.

        Args:
            name: the device's.
            by: who says so.
            keep: the card that is believed from now on: another one is quarantined at once.
            new_label: end the credential too, and return a label for whoever stands before the right device: the only
                way where the whole card was copied.

        Raises:
            ProvisioningRefusedError: it is not quarantined, or no such card showed itself.
        """
        async with self._db.transaction() as t:
            device = await self._locked(t, name)
            if device["state"] != "quarantined":
                raise ProvisioningRefusedError(f"{name} is {device['state']}, not quarantined")
            seen = {r["install"] for r in await t.rows("device_runs", device_id=device["device_id"])}
            if keep is not None and keep not in seen:
                raise ProvisioningRefusedError(
                    f"no card {keep} showed itself as {name}; there were {', '.join(sorted(seen)) or 'none'}"
                )
            await t.rows("device_runs_forget", device_id=device["device_id"])
            if new_label:
                await t.rows(
                    "credentials_end", device_id=device["device_id"], state="revoked", why="released"
                )
            state: State = "unclaimed" if new_label else "active"
            detail = f"keeps {keep}" if keep else "with a new label" if new_label else ""
            await self._set(t, device["device_id"], state, by, "released", detail, keep=keep)
            return await self._label(t, device, by, self._life) if new_label else None

    async def retire(self, name: str, by: str, why: str) -> None:
        """Take a device out of service for good: no login, no label, and no silent-device alarm."""
        async with self._db.transaction() as t:
            device = await self._locked(t, name)
            await t.rows("credentials_end", device_id=device["device_id"], state="revoked", why=why[:500])
            await t.rows("claims_revoke", device_id=device["device_id"])
            await t.rows("device_gone", device_id=device["device_id"])
            await self._set(t, device["device_id"], "retired", by, "retired", why, reason=why)

    async def _locked(self, t: Transaction, name: str) -> Row:
        found = await t.row("device_of", name=name)
        if found is None:
            raise NoSuchDeviceError(f"there is no device {name!r}")
        await t.rows("device_lock", device_id=found["device_id"])
        again = await t.row("device_of", name=name)
        assert again is not None
        return again

    async def _label(self, t: Transaction, device: Row, by: str, life: timedelta) -> Label:
        code = make_code(secrets.token_bytes(RANDOM_BYTES))
        plain = plain_code(code)
        assert plain is not None
        await t.rows("claims_revoke", device_id=device["device_id"])
        made = await t.row(
            "claim_add",
            device_id=device["device_id"],
            hash=code_hash(plain),
            hint=code[-3:],
            by=by[:120],
            life=life,
        )
        assert made is not None
        await self._note(t, device["device_id"], by, "labelled", f"…{code[-3:]}")
        return Label(device["name"], code, made["expires_at"], device["kind"])

    async def _set(
        self,
        t: Transaction,
        device_id: int,
        state: State,
        by: str,
        act: str,
        detail: str,
        *,
        reason: str = "",
        keep: str | None = None,
    ) -> None:
        await t.rows("device_state_put", device_id=device_id, state=state, reason=reason[:500], keep=keep)
        await self._note(t, device_id, by, act, detail)

    async def _note(self, t: Transaction, device_id: int, by: str, act: str, detail: str) -> None:
        await t.rows("device_act_add", device_id=device_id, by=by[:120], act=act, detail=detail[:500])

    def _in_service(self, device: Row) -> None:
        if device["retired_at"] is not None or device["state"] in ("retired", "quarantined"):
            state = "retired" if device["retired_at"] is not None else device["state"]
            raise ProvisioningRefusedError(f"{device['name']} is {state}")

    def _check(self, name: str, kind: str) -> None:
        if not is_device_name(name) or name in TAKEN:
            raise ProvisioningRefusedError(
                f"name {name!r}: lower case letters, digits and hyphens, at most 63, and no service's name"
            )
        if kind not in self._kinds:
            raise ProvisioningRefusedError(
                f"kind {kind!r} does not exist; there are {', '.join(sorted(self._kinds))}"
            )
