"""``cityops replay``: a file's rows through the whole chain, on a stack of its own or the configured one."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from cityops.db.pool import connect
from cityops.embedded.account import own_directory, server_account
from cityops.embedded.sole_use import sole_use
from cityops.runtime.stop import Stop, unless_stopped
from cityops.settings import MqttSettings, Settings
from devices.agent.broker import BrokerAddress
from devices.contract.kind import Kind
from devices.registry import Device, Registry
from firmware_sim.replay.mapping import check_columns, template_columns
from firmware_sim.replay.places import LEAST_TOGETHER_S, Survey, places_for, survey
from firmware_sim.replay.player import Player, Track, boot_of, in_time, rows_of
from firmware_sim.replay.table import Table
from firmware_sim.service import brokers
from ingest.registry_store import load_known_devices, store_registry
from ops_api.demo.services import start_services
from ops_api.demo.stack import start_stack
from ops_api.demo.verify import tally
from ops_api.rules_lag import wait_for_rules
from ops_api.wiring import kinds_of

Say = Callable[[str], None]

INTERRUPTED = 130
WAIT_S = 10.0
RECEIVED = """
select coalesce(sum(upper(range) - lower(range)), 0)
from device_sequence
join device using (device_id)
cross join lateral unnest(received) as range
where boot = %s and name = any(%s)
"""

SET_ASIDE = """
select reason_code, sum(letters) from (
    select reason_code, 1 as letters from dead_letter where device = any(%s)
    union all select reason_code, letters from dead_letter_overflow where device = any(%s)
) l group by 1
"""


@dataclass(frozen=True, slots=True)
class ReplayPlan:
    """What to play.

    Attributes:
        table: the file.
        tracks: one per --kind/--device/--map.
        salt: makes the play a different one; the same file and salt is stored once.
        speed: seconds of the file per second, None as fast as the server takes it.
        port: port of the pages with a stack of our own; None shows none and ends after the play.
    """

    table: Table
    tracks: Sequence[Track]
    salt: str
    speed: float | None
    port: int | None


@dataclass(frozen=True, slots=True)
class Target:
    """Where to play to."""

    dsn: str
    mqtt: MqttSettings
    credentials: Mapping[str, str] | None
    address: str | None = None


async def run_replay(plan: ReplayPlan, settings: Settings, say: Say, stop: Stop) -> int:
    """Play ``plan`` and print what became of its rows; return the exit code.

    Raises:
        CityopsError: a column is not in the file, or the server does not take the rows.
    """
    check_tracks(plan)
    seen = await asyncio.to_thread(survey, rows_of(plan.table, plan.tracks))
    registry = places_for(seen.devices, f"replay of {plan.table.path.name}")
    async with AsyncExitStack() as cleanup:
        target = await unless_stopped(
            _target(plan, settings, registry, _lateness_s(plan, seen), cleanup, say), stop.event
        )
        if target is None:
            say("stopping")
            return INTERRUPTED
        conn = await cleanup.enter_async_context(await connect(target.dsn, application_name="cityops replay"))
        devices = await _register(conn, registry)
        await _warn_of_newer(conn, seen.devices.values(), say)
        before = await _stored(conn, settings, devices)
        # On a configured server the rules wait for nobody as long: there, order is best effort.
        together_s = seen.together_s if plan.speed is None and not settings.db.dsn else math.inf
        boot = boot_of(plan.table.path, plan.salt)
        player = Player(devices, _broker_of(target), boot, together_s)
        rows = rows_of(plan.table, plan.tracks) if seen.ordered else in_time(rows_of(plan.table, plan.tracks))
        played = await asyncio.to_thread(player.play, rows, plan.speed, stop.event.is_set)
        await unless_stopped(wait_for_rules(conn), stop.event)
        await _report(conn, settings, devices, before, played, say)
        received = await _received(conn, devices, player.boot)
        if target.address is not None and not stop.event.is_set():
            say(f"\n  {target.address}/   Ctrl-C stops everything")
            await stop.event.wait()
    if received < played:
        say(f"✗ the server knows only {received:,} of {played:,} rows")
    return 0 if received >= played else 1


NEWEST = "select max(event_time) from rule_cursor"


async def _warn_of_newer(
    conn: psycopg.AsyncConnection[Any], devices: Iterable[tuple[Kind, int]], say: Say
) -> None:
    """Say so where the rules have seen later readings: for them the file's time is over."""
    row = await (await conn.execute(NEWEST)).fetchone()
    first_ms = min((ms for _, ms in devices if ms > 0), default=0)
    if row is None or row[0] is None or row[0].timestamp() * 1000 <= first_ms:
        return
    say(
        f"! the rules have already seen {row[0]:%Y-%m-%d %H:%M}: rows before that are stored, but nothing is decided "
        "on them any more; choose another --data-dir for a file of its own"
    )


def check_tracks(plan: ReplayPlan) -> None:
    """Raise ConfigurationError where a track wants a column that the file has not."""
    for track in plan.tracks:
        wanted = [s.column for s in track.reader.mapping.fields.values()]
        wanted += template_columns(track.reader.mapping.ts) + template_columns(track.reader.device)
        check_columns(wanted, plan.table.columns)


def _lateness_s(plan: ReplayPlan, seen: Survey) -> float:
    """Return how long rules of our own wait for rows before a row [s of the file's time].

    Twice what is on its way at once; with a speed, what passes in so much time of life.
    """
    return 2.0 * seen.together_s if plan.speed is None else max(LEAST_TOGETHER_S, WAIT_S * plan.speed)


async def _target(
    plan: ReplayPlan,
    settings: Settings,
    registry: Registry,
    lateness_s: float,
    cleanup: AsyncExitStack,
    say: Say,
) -> Target:
    """Return the configured server where there is one, else a stack of our own."""
    if settings.db.dsn:
        return Target(settings.db.dsn, settings.mqtt, None)
    folder = settings.data_dir.absolute() / "replay"
    own_directory(folder, server_account(folder), 0o711)
    cleanup.enter_context(sole_use(folder))
    stack = await start_stack(folder, registry, settings)
    cleanup.push_async_callback(stack.stop)
    environment = {**stack.environment, "CITYOPS_RULES__LATENESS_S": f"{lateness_s:g}"}
    children, address = await start_services(environment, folder / "logs", plan.port, fleet=False)
    cleanup.push_async_callback(children.stop)
    say(f"no database is configured: playing to one of our own in {folder}")
    mqtt = MqttSettings(host=stack.mosquitto.host, port=stack.mosquitto.port)
    return Target(stack.dsn, mqtt, stack.credentials, address)


async def _register(conn: psycopg.AsyncConnection[Any], registry: Registry) -> dict[str, Device]:
    """Put devices that nobody knows into the database, with a place; return all by name."""
    known = await load_known_devices(conn)
    if not all(d.name in known for d in registry.devices):
        new = {d.name for d in registry.devices if d.name not in known}
        await store_registry(conn, _only(registry, new))
    return {d.name: d for d in registry.devices}


def _only(registry: Registry, devices: set[str]) -> Registry:
    """Return what concerns these devices."""
    return Registry(
        name=registry.name,
        devices=tuple(d for d in registry.devices if d.name in devices),
        homes=tuple(h for h in registry.homes if set(h.devices) & devices),
        nodes=registry.nodes,
        segments=tuple(s for s in registry.segments if s.device in devices),
        depots=registry.depots,
        routes=registry.routes,
        bins=tuple(b for b in registry.bins if b.device in devices),
    )


def _broker_of(target: Target) -> Callable[[Device], BrokerAddress]:
    return brokers(target.mqtt, target.credentials)


@dataclass(frozen=True, slots=True)
class _Stored:
    rows: int
    dead: Mapping[str, int]


async def _stored(
    conn: psycopg.AsyncConnection[Any], settings: Settings, devices: Mapping[str, Device]
) -> _Stored:
    """Return rows and dead letters by reason of these devices."""
    names = list(devices)
    tables = {kinds_of(settings)[d.kind].table for d in devices.values()}
    rows = 0
    for table in sorted(tables):
        query = sql.SQL(
            "select count(*) from {} r join device d using (device_id) where d.name = any(%s)"
        ).format(sql.Identifier(table))
        found = await (await conn.execute(query, (names,))).fetchone()
        assert found is not None
        rows += found[0]
    dead = await tally(conn, SET_ASIDE, (names, names))
    return _Stored(rows, dead)


async def _received(conn: psycopg.AsyncConnection[Any], devices: Mapping[str, Device], boot: int) -> int:
    """Return how many rows of this play the server knows, stored or dead-lettered, now or before."""
    found = await (await conn.execute(RECEIVED, (boot, list(devices)))).fetchone()
    assert found is not None
    return int(found[0])


async def _report(
    conn: psycopg.AsyncConnection[Any],
    settings: Settings,
    devices: Mapping[str, Device],
    before: _Stored,
    played: int,
    say: Say,
) -> None:
    """Print what became of the rows, and what the rules made of them."""
    after = await _stored(conn, settings, devices)
    rows = after.rows - before.rows
    dead = {r: n - before.dead.get(r, 0) for r, n in after.dead.items() if n > before.dead.get(r, 0)}
    known_before = played - rows - sum(dead.values())
    say(
        f"{played:,} rows played, {rows:,} stored, {sum(dead.values()):,} dead letters, {known_before:,} stored before"
    )
    for reason, n in sorted(dead.items()):
        say(f"  {n:,} × {reason}")
    decided = await tally(conn, "select outcome, count(*) from decision group by 1")
    alarms = await tally(conn, "select rule_id, count(*) from alarm group by 1")
    say(
        "decisions: "
        + (", ".join(f"{n} {o.replace('_', ' ')}" for o, n in sorted(decided.items())) or "none")
    )
    say("alarms: " + (", ".join(f"{n} {r}" for r, n in sorted(alarms.items())) or "none"))
