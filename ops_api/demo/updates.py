"""The demo's updates over the air: the bins of the market place take version 1.1, a few first; one of them goes back.

Keys, bundles and cards lie in the demo's folder, so that whoever likes can build a next version, sign it and roll it out
(docs/updates.md).
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec

from cityops.db.pool import connect
from devices.contract.update.manifest import read_keys
from firmware_sim.fleet_updates import UpdatePlan
from firmware_sim.lab.update_fleet import prepare_card
from ingest.fleet.bundles.build import Opened, Wanted, build, open_bundle
from ingest.fleet.bundles.keys import SigningKey, make_key, make_list, write_key
from ingest.fleet.core.rollout import Limits
from ingest.fleet.core.stages import parse_stages
from ingest.fleet.updates.acts import Acts
from ingest.fleet.updates.ports import By, Start
from ingest.fleet.updates.shelf import Shelf
from ops_api.demo.fleet import GROUP
from ops_api.queries import OneConnection

FOLDER = "updates"
STAGES = "2,50%,100%"
SOAK_S = 5.0
BY = "demo"
_GOOD_S = 180 * 86_400
_PAYLOAD_BYTES = 40_000
_HEARD_OF = "select count(*) from device_update u join device d using (device_id) where d.name = any (%s) and u.said_at is not null"


@dataclass(frozen=True, slots=True)
class Release:
    """Version 1.1 with what signs it, and who takes it."""

    body: bytes
    opened: Opened
    keys: bytes
    plan: UpdatePlan


def make_release(folder: Path, devices: Sequence[str], now_s: int) -> Release | None:
    """Make keys, two versions and the card that devices begin with; None where no device is to take updates.

    Args:
        folder: of the demo.
        devices: that take updates; the new version does not start on the last of them.
        now_s: when it is made [s since 1970].
    """
    if not devices:
        return None
    own = folder / FOLDER
    own.mkdir()
    root, release = make_key(), make_key()
    write_key(root, own / "root.pem")
    write_key(release, own / "release.pem")
    signed = make_list(1, now_s, [root.key], [release.key], [root])
    keys, listed = msgspec.json.encode(signed), read_keys(signed.text.encode())
    (own / "keys.json").write_bytes(keys)
    bodies = [_version(serial, release, now_s) for serial in (1, 2)]
    for serial, body in enumerate(bodies):
        (own / f"agent-1.{serial}.bundle").write_bytes(body)
    old, new = (open_bundle(body, listed) for body in bodies)
    prepare_card(own / "card", own / "agent-1.0.bundle", old.bundle_id, keys)
    plan = UpdatePlan(
        folder=own / "cards",
        card=own / "card",
        devices=frozenset(devices),
        fails=frozenset(devices[-1:]),
        bad_serial=2,
    )
    return Release(bodies[1], new, keys, plan)


def _version(serial: int, key: SigningKey, now_s: int) -> bytes:
    version = f"1.{serial - 1}"
    contents = {
        "code/VERSION": f"{version}\n".encode(),
        # What of a simulated device's program is of interest here: that it takes some time to send.
        "code/firmware.bin": random.Random(serial).randbytes(_PAYLOAD_BYTES),
    }
    wanted = Wanted(
        name="agent",
        version=version,
        serial=serial,
        made_at=now_s,
        expires_at=now_s + _GOOD_S,
        kinds=("bin",),
    )
    return build(contents, wanted, key)


@asynccontextmanager
async def rolled_out(dsn: str, release: Release | None) -> AsyncIterator[None]:
    """Have the new version rolled out once the devices have said what they run, while the context lasts."""
    if release is None:
        yield
        return
    task = asyncio.create_task(_roll_out(dsn, release), name="the demo's update")
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _roll_out(dsn: str, release: Release) -> None:
    async with await connect(dsn, application_name="cityops demo updates", autocommit=False) as conn:
        lender, wanted = OneConnection(conn), sorted(release.plan.devices)
        while True:
            async with conn.transaction():
                row = await (await conn.execute(_HEARD_OF, (wanted,))).fetchone()
            if row is not None and row[0] == len(wanted):
                break
            await asyncio.sleep(1.0)
        shelf = Shelf(lender)
        await shelf.put_keys(read_keys(msgspec.json.decode(release.keys)["text"].encode()), BY)
        await shelf.put(release.opened, release.body, BY)
        start = Start(
            bundle_id=release.opened.bundle_id,
            stages=parse_stages(STAGES, SOAK_S),
            limits=Limits(tries=1),
            groups=(GROUP,),
        )
        await Acts(lender).start(start, By(BY, "cli"))
