"""The chain under test: database, broker, ingesters, and on request a bad network between them.

Everything that a fault does to a process is done here: start, kill, freeze, resume.
"""

from __future__ import annotations

import asyncio
import contextlib
import resource
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import psycopg

from cityops.embedded.postgres import EmbeddedPostgres
from cityops.embedded.process import free_port
from cityops.errors import TransientError
from cityops.settings import Settings
from devices.agent.broker import BrokerAddress
from devices.registry import Device, Registry
from firmware_sim.load import load_devices
from ops_api.demo.children import Children
from ops_api.demo.services import is_ready
from ops_api.demo.stack import Stack, clear, start_stack
from ops_api.verify import broker_disk
from ops_api.verify.proxy import Proxy
from ops_api.verify.small_disk import SmallDisk

WITHIN_S = 60.0
"""A part that does not come up in this time is not coming."""
KEEPALIVE_S = 6
"""Of ingesters and devices: a half-open connection shall be noticed within the run."""
LEASE_S = 6.0
"""Where ingesters share the shards: a frozen one's go to the others within the run."""
DRAIN_S = 10.0
"""From SIGTERM to SIGKILL for an ingester, beyond its own deadline."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainOptions:
    """What a chain is made of.

    Attributes:
        devices: how many, each with its own credential and connection.
        ingesters: processes, which share the shards.
        proxied: whether there is a network between the parts that faults may spoil.
        small_disk: whether the database is on a disk that can be filled.
        durable: whether the database also survives a crash of the machine (fsync); tests do without.
    """

    devices: int = 100
    ingesters: int = 1
    proxied: bool = False
    small_disk: bool = False
    durable: bool = True


@dataclass(slots=True)
class Links:
    """The network: a proxy for each pair of parts that talk."""

    devices: Proxy
    broker: Proxy
    database: Proxy

    @property
    def all(self) -> tuple[Proxy, Proxy, Proxy]:
        """Devices to broker, ingester to broker, ingester to database."""
        return (self.devices, self.broker, self.database)


@dataclass
class Chain:
    """A running chain; see the module. Made by :func:`start_chain`."""

    options: ChainOptions
    stack: Stack
    devices: list[Device]
    children: Children
    folder: Path
    links: Links | None = None
    disk: SmallDisk | None = None
    ports: dict[str, int] = field(default_factory=dict)
    limited: int | None = None
    """Process id of a broker that has no room left."""

    @property
    def dsn(self) -> str:
        """The database, past any proxy."""
        return self.stack.dsn

    @property
    def device_address(self) -> BrokerAddress:
        """Where devices connect to."""
        broker = self.stack.mosquitto
        port = broker.port if self.links is None else self.links.devices.port
        return BrokerAddress(host="127.0.0.1", port=port, keepalive_s=KEEPALIVE_S)

    async def stop(self) -> None:
        """Stop everything; frozen parts are resumed for it."""
        self.resume_all()
        await self.children.stop()
        await self.stack.stop()
        for proxy in () if self.links is None else self.links.all:
            await proxy.close()
        if self.disk is not None:
            self.disk.remove()

    async def heal(self) -> None:
        """Start what does not run and let go on what is frozen or held up, then wait until it serves."""
        self.resume_all()
        self.make_room()
        for proxy in () if self.links is None else self.links.all:
            proxy.heal()
        await asyncio.gather(self.start_database(), self.start_broker())
        self.start_ingesters()
        await self.serving()

    # -- ingesters -----------------------------------------------------------------

    @property
    def ingesters(self) -> list[str]:
        """Names of those that run."""
        return sorted(self.children.running)

    def start_ingesters(self) -> None:
        """Start those that do not run."""
        for number in range(self.options.ingesters):
            name = f"ingest-{number}"
            if name not in self.children.running:
                port = self.ports[name] = free_port()
                self.children.environment = self._environment(port)
                self.children.start(name, ["ingest"])

    async def serving(self) -> str:
        """Wait until an ingester serves; return its name.

        Raises:
            TransientError: none does within ``WITHIN_S``.
        """
        deadline_s = time.monotonic() + WITHIN_S
        while time.monotonic() < deadline_s:
            for name in self.ingesters:
                if await asyncio.to_thread(is_ready, self.ports[name]):
                    return name
            self._replace_ended()
            await asyncio.sleep(0.02)
        raise TransientError(f"no ingester is ready after {WITHIN_S:g} s; see {self.children.log_dir}")

    def _replace_ended(self) -> None:
        """Start again what could not start, for instance because its port was taken meanwhile."""
        for name in self.ingesters:
            if not self.children.running[name].running:
                self.children.running.pop(name)
                self.start_ingesters()

    def _environment(self, health_port: int) -> dict[str, str]:
        changed = {
            "CITYOPS_MQTT__KEEPALIVE_S": str(KEEPALIVE_S),
            "CITYOPS_INGEST__HEALTH_PORT": str(health_port),
        }
        changed |= {"CITYOPS_LOG__FORMAT": "human"}
        if self.options.ingesters > 1:
            changed |= {"CITYOPS_INGEST__LEASE_S": str(LEASE_S)}
        if self.links is not None:
            dsn = self.stack.dsn.replace(f":{self.stack.postgres.port}/", f":{self.links.database.port}/")
            changed |= {"CITYOPS_MQTT__PORT": str(self.links.broker.port), "CITYOPS_DB__DSN": dsn}
        return self.stack.environment | changed

    # -- database and broker -------------------------------------------------------

    async def start_database(self) -> None:
        """Start it where it does not run, and wait until it takes connections."""
        deadline_s = time.monotonic() + WITHIN_S
        while True:
            try:
                await asyncio.to_thread(self.stack.postgres.start)
                await asyncio.to_thread(_ask, self.dsn)
            except (TransientError, psycopg.Error):
                # Sessions of a killed server take a moment to end, and it refuses to start before.
                if time.monotonic() > deadline_s:
                    raise
                await asyncio.sleep(0.2)
            else:
                return

    async def start_broker(self) -> None:
        """Start it where it does not run."""
        await asyncio.to_thread(self.stack.mosquitto.start)

    @property
    def broker_folder(self) -> Path:
        """Where the broker keeps its files."""
        return self.folder / "broker"

    def wipe_broker(self) -> None:
        """Remove what the stopped broker kept on disk."""
        for file in self.broker_folder.glob(f"{broker_disk.STORE}*"):
            file.unlink()

    def leave_room(self, most_bytes: int) -> None:
        """Let the running broker write no file beyond ``most_bytes``.

        Raises:
            TransientError: it does not run, or can't be limited here.
        """
        pid = self.stack.mosquitto.pid
        if pid is None:
            raise TransientError("the broker does not run")
        broker_disk.set_limit(pid, most_bytes)
        self.limited = pid

    def make_room(self) -> None:
        """Let the broker write what it wants again."""
        pid, self.limited = self.limited, None
        if pid is not None and pid == self.stack.mosquitto.pid:
            broker_disk.set_limit(pid, None)

    # -- freezing ------------------------------------------------------------------

    def freeze(self, pid: int | None) -> None:
        """Stop a process and its children in their tracks (SIGSTOP)."""
        for process in _family(pid):
            with contextlib.suppress(psutil.NoSuchProcess):
                process.suspend()

    def resume(self, pid: int | None) -> None:
        """Let them go on."""
        for process in _family(pid):
            with contextlib.suppress(psutil.NoSuchProcess):
                process.resume()

    def resume_all(self) -> None:
        """Let everything go on that is frozen."""
        pids = [p.pid for p in self.children.running.values()]
        for pid in (*pids, self.stack.postgres.pid, self.stack.mosquitto.pid):
            self.resume(pid)


async def start_chain(folder: Path, options: ChainOptions, settings: Settings) -> Chain:
    """Start a chain whose data are in ``folder``, emptied of an earlier one."""
    disk = SmallDisk(folder / "postgres-18") if options.small_disk else None
    SmallDisk(folder / "postgres-18").remove()
    clear(folder)
    if disk is not None:
        disk.make()
    _allow_files(4 * options.devices + 500)
    devices = load_devices(options.devices, "verify")
    try:
        stack = await start_stack(
            folder,
            Registry(name="verify", devices=tuple(devices)),
            settings,
            database=_database(folder, options),
        )
    except BaseException:
        if disk is not None:
            disk.remove()
        raise
    chain = Chain(options, stack, devices, Children({}, folder / "logs", DRAIN_S), folder, disk=disk)
    try:
        if options.proxied:
            chain.links = await _network(stack)
        chain.start_ingesters()
        await chain.serving()
    except BaseException:
        await chain.stop()
        raise
    return chain


def _database(folder: Path, options: ChainOptions) -> EmbeddedPostgres:
    # A small disk has no room for the usual gigabyte of log.
    settings = {"max_wal_size": "128MB"} if options.small_disk else {}
    return EmbeddedPostgres(folder, durable=options.durable, settings=settings)


async def _network(stack: Stack) -> Links:
    broker, database = stack.mosquitto, stack.postgres
    links = Links(
        devices=Proxy(lambda: ("127.0.0.1", broker.port)),
        broker=Proxy(lambda: ("127.0.0.1", broker.service_port)),
        database=Proxy(lambda: ("127.0.0.1", database.port)),
    )
    for proxy in links.all:
        await proxy.start()
    return links


def _allow_files(wanted: int) -> None:
    """Raise the limit of open files for this process and the servers it starts, where there are many devices."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))


def _family(pid: int | None) -> Iterable[psutil.Process]:
    if pid is None:
        return ()
    try:
        parent = psutil.Process(pid)
        return (parent, *parent.children(recursive=True))
    except psutil.NoSuchProcess:
        return ()


def _ask(dsn: str) -> None:
    with psycopg.connect(dsn, connect_timeout=5) as conn:
        conn.execute("select 1")
