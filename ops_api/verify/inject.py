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
    victim = await chain.serving() if len(chain.ingesters) > 1 else chain.ingesters[0]
    await asyncio.to_thread(chain.children.kill, victim)
    chain.start_ingesters()
    return f"{victim} killed"


async def _stop_ingester(chain: Chain, _hold_s: float, rng: random.Random) -> str:
    await asyncio.sleep(rng.uniform(0.0, 0.3))
    victim = await chain.serving()
    began_s = time.monotonic()
    code = await asyncio.to_thread(chain.children.end, victim)
    took_s = time.monotonic() - began_s
    if code != 0 or took_s > STOP_WITHIN_S:
        raise TransientError(
            f"{victim} ended {took_s:.1f} s after SIGTERM with {code}; 0 within 10 s is promised"
        )
    chain.start_ingesters()
    return f"{victim} stopped in {took_s:.1f} s"


async def _freeze_ingester(chain: Chain, hold_s: float, _rng: random.Random) -> str:
    pids = [process.pid for process in chain.children.running.values()]
    return await _freeze(chain, pids, hold_s, "ingester")


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
    killed = rng.random() < 0.5
    most_bytes = await _limit_broker(chain, rng)
    end_s = time.monotonic() + hold_s
    while time.monotonic() < end_s or not broker_disk.reached(chain.broker_folder, most_bytes):
        if time.monotonic() > end_s + SAVE_WITHIN_S:
            raise TransientError(f"the broker saved all the same; {most_bytes} bytes were left to it")
        chain.stack.mosquitto.save()
        await asyncio.sleep(rng.uniform(0.0, 0.5))
    if killed:
        await asyncio.to_thread(chain.stack.mosquitto.kill)
        await chain.start_broker()
    else:
        chain.make_room()
    return f"broker's disk full after {most_bytes} bytes, {'killed meanwhile' if killed else 'then not'}"


async def _limit_broker(chain: Chain, rng: random.Random) -> int:
    """Let the broker save once, then leave it less room than that took; return how much [bytes]."""
    store = chain.broker_folder / broker_disk.STORE
    deadline_s = time.monotonic() + SAVE_WITHIN_S
    while (taken := broker_disk.size(store)) is None or taken == 0:
        if time.monotonic() > deadline_s:
            raise TransientError(f"the broker did not save within {SAVE_WITHIN_S:g} s")
        chain.stack.mosquitto.save()
        await asyncio.sleep(0.1)
    most_bytes = rng.choice([0, rng.randrange(taken)])
    chain.leave_room(most_bytes)
    return most_bytes


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
