"""Doing a fault to the running chain, and undoing it. Each returns what it did, for the history."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable

from cityops.errors import TransientError
from ops_api.verify import broker_disk, hogs
from ops_api.verify.chain import Chain
from ops_api.verify.faults import Planned
from ops_api.verify.proxy import Proxy

Inject = Callable[[Chain, float, random.Random], Awaitable[str]]

STOP_WITHIN_S = 10.0
"""An ingester has ended so long after SIGTERM: its own deadline is 8 s."""
SAVED_BEFORE_S = 1.0
"""A killed broker comes back with what it had on disk at most so long before."""
SAVE_WITHIN_S = 30.0
"""A broker that is asked to save has done so by then."""


async def inject(chain: Chain, planned: Planned) -> str:
    """Do one fault, wait until the chain serves again, and return what was done.

    Raises:
        TransientError: the chain does not come back, or did not do what it must.
    """
    began_s = time.monotonic()
    did = await INJECT[planned.name](chain, planned.hold_s, random.Random(planned.seed))
    healed_s = time.monotonic()
    await chain.serving()
    return f"{did}; {healed_s - began_s:.1f} s, serving {time.monotonic() - healed_s:.1f} s later"


async def _kill_ingester(chain: Chain, _hold_s: float, rng: random.Random) -> str:
    await asyncio.sleep(rng.uniform(0.0, 0.3))
    victim = rng.choice(chain.ingesters)
    await asyncio.to_thread(chain.children.kill, victim)
    chain.start_ingesters()
    return f"{victim} killed"


async def _stop_ingester(chain: Chain, _hold_s: float, rng: random.Random) -> str:
    await asyncio.sleep(rng.uniform(0.0, 0.3))
    await chain.serving()
    victim = rng.choice(chain.ingesters)
    began_s = time.monotonic()
    code = await asyncio.to_thread(chain.children.end, victim)
    took_s = time.monotonic() - began_s
    if code != 0 or took_s > STOP_WITHIN_S:
        raise TransientError(
            f"{victim} ended {took_s:.1f} s after SIGTERM with {code}; 0 within 10 s is promised"
        )
    chain.start_ingesters()
    return f"{victim} stopped in {took_s:.1f} s"


async def _freeze_ingester(chain: Chain, hold_s: float, rng: random.Random) -> str:
    """One of them: the others serve on, and have its shards where it lasts longer than a lease."""
    victim = rng.choice(chain.ingesters)
    return await _freeze(chain, [chain.children.running[victim].pid], hold_s, victim)


async def _kill_broker(chain: Chain, hold_s: float, rng: random.Random) -> str:
    chain.stack.mosquitto.save()
    await asyncio.sleep(rng.uniform(0.0, SAVED_BEFORE_S))
    await asyncio.to_thread(chain.stack.mosquitto.kill)
    await asyncio.sleep(hold_s)
    await chain.start_broker()
    return "broker killed, back with its file"


async def _wipe_broker(chain: Chain, hold_s: float, rng: random.Random) -> str:
    await asyncio.sleep(rng.uniform(0.0, 0.3))
    await asyncio.to_thread(chain.stack.mosquitto.kill)
    chain.wipe_broker()
    await asyncio.sleep(hold_s)
    await chain.start_broker()
    return "broker killed, back without its file"


async def _freeze_broker(chain: Chain, hold_s: float, _rng: random.Random) -> str:
    return await _freeze(chain, [chain.stack.mosquitto.pid], hold_s, "broker")


async def _stop_db(chain: Chain, hold_s: float, rng: random.Random) -> str:
    await asyncio.sleep(rng.uniform(0.0, 0.3))
    await asyncio.to_thread(chain.stack.postgres.stop_at_once)
    await asyncio.sleep(hold_s)
    await chain.start_database()
    return "PostgreSQL stopped at once and started"


async def _kill_db(chain: Chain, hold_s: float, rng: random.Random) -> str:
    await asyncio.sleep(rng.uniform(0.0, 0.3))
    await asyncio.to_thread(chain.stack.postgres.kill)
    await asyncio.sleep(hold_s)
    await chain.start_database()
    return "PostgreSQL killed and started"


async def _freeze_db(chain: Chain, hold_s: float, _rng: random.Random) -> str:
    return await _freeze(chain, [chain.stack.postgres.pid], hold_s, "PostgreSQL")


async def _kill_all(chain: Chain, hold_s: float, rng: random.Random) -> str:
    victims: list[tuple[str, Callable[[], object]]] = [
        ("broker", chain.stack.mosquitto.kill),
        ("PostgreSQL", chain.stack.postgres.kill),
        *((name, lambda name=name: chain.children.kill(name)) for name in chain.ingesters),
    ]
    rng.shuffle(victims)
    for _, kill in victims:
        await asyncio.to_thread(kill)
        await asyncio.sleep(rng.uniform(0.0, 0.3))
    chain.wipe_broker()
    await asyncio.sleep(hold_s)
    await asyncio.gather(chain.start_database(), chain.start_broker())
    chain.start_ingesters()
    return f"killed in this order: {', '.join(name for name, _ in victims)}"


async def _fill_connections(chain: Chain, hold_s: float, _rng: random.Random) -> str:
    count = await hogs.hold_all_connections(chain.dsn, hold_s)
    return f"{count} connections taken, none left"


async def _fill_disk(chain: Chain, hold_s: float, _rng: random.Random) -> str:
    if chain.disk is None:
        raise TransientError("fill-disk: this chain's database is on an ordinary disk")
    await chain.disk.keep_full(hold_s)
    await chain.start_database()  # it ends where even its log finds no space
    return "disk full, then not"


async def _fill_broker_disk(chain: Chain, hold_s: float, rng: random.Random) -> str:
    """Fill it somewhere within what a save takes, save again and again; in the end kill it or make room."""
    killed, part = rng.random() < 0.5, rng.choice([0.0, rng.random()])
    left_bytes = await _save_in_vain(chain, part, hold_s, rng)
    if killed:
        await asyncio.to_thread(chain.stack.mosquitto.kill)
        await chain.start_broker()
    else:
        chain.make_room()
    return f"broker's disk full after {left_bytes} bytes, {'killed meanwhile' if killed else 'then not'}"


async def _save_in_vain(chain: Chain, part: float, hold_s: float, rng: random.Random) -> int:
    """Leave the broker ``part`` of what it saves and have it save for so long; return how much [bytes].

    Raises:
        TransientError: no save went up to that.
    """
    folder, since_s, end_s = chain.broker_folder, time.time(), time.monotonic() + hold_s
    left_bytes: int | None = None
    while True:
        taken = broker_disk.saved_bytes(folder)
        if taken > 0 and (left_bytes is None or taken < left_bytes):  # it saved, and needs less by now
            left_bytes = int(part * taken)
            chain.leave_room(left_bytes)
        chain.stack.mosquitto.save()
        await asyncio.sleep(rng.uniform(0.0, 0.5))
        if time.monotonic() < end_s:
            continue
        if left_bytes is not None and broker_disk.reached(folder, left_bytes, since_s):
            return left_bytes
        if time.monotonic() > end_s + SAVE_WITHIN_S:
            raise TransientError(
                f"the broker saved all the same, or never; {left_bytes} bytes were left to it"
            )


async def _cut_network(chain: Chain, hold_s: float, rng: random.Random) -> str:
    name, proxy = _one_link(chain, rng)
    within_a_packet = rng.random() < 0.5
    if within_a_packet:
        proxy.cut_mid_packet(rng.randrange(1, 3_000))
    else:
        proxy.reset()
    await asyncio.sleep(hold_s)
    proxy.heal()
    return f"{name} cut{' within a packet' if within_a_packet else ''}"


async def _stall_network(chain: Chain, hold_s: float, rng: random.Random) -> str:
    name, proxy = _one_link(chain, rng)
    proxy.stall()
    await asyncio.sleep(hold_s)
    proxy.heal()
    return f"{name} stalled"


async def _half_open(chain: Chain, hold_s: float, _rng: random.Random) -> str:
    proxies = (_links(chain)["devices to broker"], _links(chain)["ingester to broker"])
    for proxy in proxies:
        proxy.half_open()
    await asyncio.sleep(hold_s)
    for proxy in proxies:
        proxy.heal()
    return "connections to the broker half open"


async def _slow_network(chain: Chain, hold_s: float, _rng: random.Random) -> str:
    proxies = (_links(chain)["devices to broker"], _links(chain)["ingester to broker"])
    for proxy in proxies:
        proxy.delay_s, proxy.bytes_per_s = 0.2, 100_000.0
    await asyncio.sleep(hold_s)
    for proxy in proxies:
        proxy.heal()
    return "connections to the broker slow"


async def _slow_db(chain: Chain, hold_s: float, _rng: random.Random) -> str:
    proxy = _links(chain)["ingester to database"]
    proxy.delay_s = 0.25
    await asyncio.sleep(hold_s)
    proxy.heal()
    return "connection to PostgreSQL slow"


INJECT: dict[str, Inject] = {
    "kill-ingester": _kill_ingester,
    "stop-ingester": _stop_ingester,
    "freeze-ingester": _freeze_ingester,
    "kill-broker": _kill_broker,
    "wipe-broker": _wipe_broker,
    "freeze-broker": _freeze_broker,
    "stop-db": _stop_db,
    "kill-db": _kill_db,
    "freeze-db": _freeze_db,
    "kill-all": _kill_all,
    "fill-connections": _fill_connections,
    "fill-disk": _fill_disk,
    "fill-broker-disk": _fill_broker_disk,
    "cut-network": _cut_network,
    "stall-network": _stall_network,
    "half-open": _half_open,
    "slow-network": _slow_network,
    "slow-db": _slow_db,
}


async def _freeze(chain: Chain, pids: list[int | None] | list[int], hold_s: float, what: str) -> str:
    for pid in pids:
        chain.freeze(pid)
    try:
        await asyncio.sleep(hold_s)
    finally:
        for pid in pids:
            chain.resume(pid)
    return f"{what} frozen"


def _links(chain: Chain) -> dict[str, Proxy]:
    if chain.links is None:
        raise TransientError("this chain was made without a network that can be spoilt")
    links = chain.links
    return {
        "devices to broker": links.devices,
        "ingester to broker": links.broker,
        "ingester to database": links.database,
    }


def _one_link(chain: Chain, rng: random.Random) -> tuple[str, Proxy]:
    links = _links(chain)
    name = rng.choice(sorted(links))
    return name, links[name]
