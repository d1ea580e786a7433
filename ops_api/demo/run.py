"""``cityops demo``: a town on this machine, from sensors to pages, with one command."""

from __future__ import annotations

import asyncio
import secrets
import shlex
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rich.markup import escape

from cityops.db.pool import connect
from cityops.embedded.account import own_directory, server_account
from cityops.embedded.process import port_is_free
from cityops.embedded.sole_use import sole_use
from cityops.errors import ConfigurationError
from cityops.runtime.stop import Stop, in_thread, sleep_until_stop, unless_stopped
from cityops.settings import MqttSettings, Settings
from devices.registry import Registry
from firmware_sim.scenario import TOWN_ZONE, latest_start, load_scenario
from firmware_sim.service import Simulation
from firmware_sim.world.premises import FIRST_UPRN
from ops_api.bin_crews import BinCrews
from ops_api.crews import simulated_now
from ops_api.demo.accounts import account_lines, demo_accounts
from ops_api.demo.bin_days import load_town
from ops_api.demo.children import Children
from ops_api.demo.fleet import market_bins, set_some
from ops_api.demo.haste import as_live, while_it_plays
from ops_api.demo.lorawan import bind_sensors, lorawan_sensors, lorawan_server
from ops_api.demo.pace import Pace, keep_pace
from ops_api.demo.past_quarter import bins_alone, first_day, in_place_before, play_past
from ops_api.demo.residents import residents
from ops_api.demo.rounds import load_lorries
from ops_api.demo.sample import frog_page, sample_home
from ops_api.demo.services import start_services
from ops_api.demo.stack import Stack, clear, start_stack
from ops_api.demo.updates import make_release, rolled_out
from ops_api.demo.verify import Finding, as_expected, no_loss
from ops_api.demo.verify_bins import as_planned, somebody_to_tell
from ops_api.demo.verify_incidents import as_one
from ops_api.demo.watch import Watch
from ops_api.own_database import DEMO_FOLDER
from ops_api.rules_lag import wait_for_rules
from ops_api.town_forecasts import TownForecasts
from ops_api.web.words import plural
from ops_api.wiring import kinds_of
from ops_api.wiring_forecasts import town_forecasts
from ops_api.wiring_sim import crews_of, follow_lab, plan_of, town_of

Say = Callable[[str], None]

NEWS_AT_ONCE = 6
DRAIN_S = 120.0
"""How long a check waits for what devices still hold."""
INTERRUPTED = 130
"""Exit code of a check that was stopped: what a shell gives for SIGINT."""


@dataclass(frozen=True, slots=True)
class Demo:
    """What to show.

    Attributes:
        settings: scenario, seed, speed, sizes and data directory.
        port: port of the pages, 0 for a free one, None for no pages.
        check: play the scenario once, verify, and end.
        say: prints a line.
        past_quarter: play a quarter of bins before, so that the ledger has something to say.
    """

    settings: Settings
    port: int | None
    check: bool
    say: Say
    past_quarter: bool = False


@dataclass(frozen=True, slots=True)
class Running:
    """Everything of a demo that runs.

    Attributes:
        start_s: when the scenario began [s since 1970].
        fires: when bins begin to burn [s since 1970].
        looks_at_rounds: whether a check of the scenario looks at the lorries' rounds.
    """

    registry: Registry
    stack: Stack
    simulation: Simulation
    watch: Watch
    children: Children
    forecasts: TownForecasts
    start_s: float
    fires: tuple[float, ...]
    looks_at_rounds: bool


async def run_demo(demo: Demo, stop: Stop) -> int:
    """Run until ``stop`` or, for a check, until the scenario is over; return the exit code.

    Raises:
        CityopsError: something did not start, or ended by itself.
    """
    async with AsyncExitStack() as cleanup:
        running = await unless_stopped(_start(demo, cleanup), stop.event)
        if running is None:
            return _stopped(demo)
        crews = await cleanup.enter_async_context(_crews(demo, running, stop))
        await cleanup.enter_async_context(_weather_service(demo, running, stop))
        await cleanup.enter_async_context(_residents(demo, running, stop))
        await _follow(demo, running, stop)
        if not demo.check or stop.event.is_set():
            return _stopped(demo)
        stop("the scenario is over")
        await crews
        return await _verify(demo, running)


def _stopped(demo: Demo) -> int:
    """Say so and return the exit code: a check that was not finished has not passed."""
    demo.say("stopping")
    return INTERRUPTED if demo.check else 0


# -- starting ------------------------------------------------------------------------


async def _start(demo: Demo, cleanup: AsyncExitStack) -> Running:
    scenario = load_scenario(demo.settings.sim.scenario)
    start = latest_start(scenario, datetime.now(UTC))
    folder = cleanup.enter_context(_folder(demo))
    demo.say(f"cityops demo: {scenario.title.lower()}, {start:%A %H:%M} onwards")
    registry = town_of(demo.settings, start)
    if demo.past_quarter:
        registry = in_place_before(registry, first_day(start.astimezone(TOWN_ZONE)), TOWN_ZONE)
    with _Phase(demo.say, f"town of {_size(registry)}"):
        at_first = bins_alone(registry) if demo.past_quarter else None
        stack = await start_stack(folder, registry, demo.settings, at_first=at_first)
        await load_town(stack.dsn, registry, start)
        await load_lorries(stack.dsn, registry)
    cleanup.push_async_callback(stack.stop)
    if demo.past_quarter:
        with _Phase(demo.say, "a simulated quarter of bins: /bins/ledger"):
            await play_past(stack.dsn, registry, demo.settings, start, demo.say)
    with _Phase(demo.say, "ingester, rules and web server"):
        sample = sample_home(registry)
        extra = while_it_plays(demo.settings)
        if sample is not None:
            extra["CITYOPS_API__SAMPLE_HOME"] = sample
        extra["CITYOPS_HOUSING__PASSWORD"] = team = _team_password(demo.settings)
        extra.setdefault("CITYOPS_WINTER__PASSWORD", _officers_password(demo.settings, team))
        if demo.settings.bin_days.password is None:
            extra["CITYOPS_BIN_DAYS__PASSWORD"] = team
        if demo.settings.crew.password is None:
            extra["CITYOPS_CREW__PASSWORD"] = team
        if demo.settings.ops.password is None:
            extra["CITYOPS_OPS__PASSWORD"] = team
        extra["CITYOPS_IDENTITY__MFA"] = "none"  # for whoever looks at a demo for ten minutes
        accounts = await demo_accounts(demo.settings, folder, stack.dsn)
        children, address = await start_services(
            {**stack.environment, **extra}, folder / "logs", demo.port, notify=demo.settings.notify.configured
        )
    cleanup.push_async_callback(children.stop)
    at_market = market_bins(registry, wanted=not demo.check)
    await set_some(stack.dsn, at_market, demo.settings)
    release = make_release(folder, at_market, int(time.time()))
    _say_addresses(demo.say, address, sample, team)
    for line in account_lines(address, accounts):
        demo.say(line)
    _say_commands(demo.say, folder)
    # A check counts what devices were told is stored; radio tells none of them.
    sensors = [] if demo.check else lorawan_sensors(registry)
    await bind_sensors(stack, folder, demo.settings, sensors)
    end = start + timedelta(hours=scenario.duration_h) if demo.check else None
    devices = MqttSettings(host=stack.mosquitto.host, port=stack.mosquitto.port)
    forecasts = await cleanup.enter_async_context(town_forecasts(demo.settings, stack.dsn, registry, start))
    settings = demo.settings.model_copy(update={"data_dir": folder})
    page = frog_page(registry, sample) if address is not None else None
    simulation = Simulation(
        plan_of(
            settings, registry, start, mqtt=devices, credentials=stack.credentials, end=end, frog_page=page,
            elsewhere=frozenset(sensor.device for sensor in sensors),
            updates=None if release is None else release.plan,
        )
    )  # fmt: skip
    with _Phase(demo.say, f"{len(registry.devices)} simulated devices"):
        await in_thread(simulation.start)
    cleanup.push_async_callback(asyncio.to_thread, simulation.stop, 0.5)
    await cleanup.enter_async_context(lorawan_server(stack, simulation, sensors))
    await cleanup.enter_async_context(rolled_out(stack.dsn, release))
    if simulation.frog_port is not None:
        demo.say(
            f"  http://127.0.0.1:{simulation.frog_port}/   the same resident's frog, as on the home network"
        )
    conn = await cleanup.enter_async_context(await connect(stack.dsn, application_name="cityops demo"))
    if demo.check:
        await somebody_to_tell(conn)
    fires = tuple(start.timestamp() + 3600.0 * f.from_hour for f in scenario.faults if f.fault == "fire")
    looks = scenario.expect.bins_on_plan > 0
    watch = Watch(conn)
    await watch.skip()
    return Running(registry, stack, simulation, watch, children, forecasts, start.timestamp(), fires, looks)


@contextmanager
def _folder(demo: Demo) -> Iterator[Path]:
    """Give the demo's own folder, emptied of an earlier demo and closed to a second one meanwhile."""
    folder = demo.settings.data_dir.absolute() / DEMO_FOLDER
    own_directory(folder, server_account(folder), 0o711)
    with sole_use(folder):
        if demo.port is not None and demo.port > 0 and not port_is_free(demo.port):
            raise ConfigurationError(
                f"port {demo.port} is in use by another program; choose another with --port "
                "(--port 0 takes a free one)"
            )
        clear(folder)
        yield folder


@asynccontextmanager
async def _crews(demo: Demo, running: Running, stop: Stop) -> AsyncIterator[asyncio.Task[None]]:
    """Have gritters and bin crews do what is decided, and an officer confirm what is proposed, for as long as the context lasts."""
    simulation = running.simulation
    async with crews_of(running.stack.dsn, running.registry, simulation) as staff:
        task = asyncio.create_task(staff.run(stop.event), name="crews")
        pace = _pace(demo, running, staff.bins)
        slow = asyncio.create_task(keep_pace(simulation, pace, stop.event), name="pace")
        lab = follow_lab(demo.settings, simulation, stop.event, running.stack.dsn)
        switched = asyncio.create_task(lab, name="laboratory")
        try:
            yield task
        finally:
            stop("the demo ends")
            await asyncio.gather(task, slow, switched)


def _pace(demo: Demo, running: Running, crews: BinCrews) -> Pace:
    """Return how fast the town may go: a check waits for a plan, and slows down at a fire, only where that is looked at."""
    settings, matters = demo.settings, running.looks_at_rounds or not demo.check
    plans = matters and settings.rounds.automatic and settings.sim.lorries > 0 and settings.sim.bins > 0
    fires = running.fires if demo.check and running.looks_at_rounds else ()
    return Pace(settings.rounds, crews.has_plan if plans else lambda _: True, fires)


def _residents(demo: Demo, running: Running, stop: Stop) -> AbstractAsyncContextManager[None]:
    """Have residents report what the scenario says."""
    reports = load_scenario(demo.settings.sim.scenario).reports

    def now_s() -> float:
        return running.simulation.statistics().simulated_s

    return residents(running.stack.dsn, running.registry, reports, running.start_s, now_s, stop.event)


@asynccontextmanager
async def _weather_service(demo: Demo, running: Running, stop: Stop) -> AsyncIterator[None]:
    """Have the town's forecasts issued, for as long as the context lasts."""
    following = running.forecasts.follow(running.simulation, demo.settings.sim.speed, stop.event)
    task = asyncio.create_task(following, name="forecasts")
    try:
        yield
    finally:
        stop("the demo ends")
        await task


# -- while it runs -------------------------------------------------------------------


async def _follow(demo: Demo, running: Running, stop: Stop) -> None:
    """Print counts by the simulated hour, and news as they come."""
    told_hour, was_live = "", False
    while not await sleep_until_stop(stop.event, 1.0):
        running.children.check()
        await running.stack.keep(demo.say)
        _tell(demo.say, await running.watch.news())
        now = simulated_now(running.simulation, TOWN_ZONE)
        if f"{now:%d %H}" != told_hour and not was_live:
            told_hour = f"{now:%d %H}"
            counts = await running.watch.counts()
            demo.say(
                f"[bold]{now:%H}:00[/]  {plural(counts.committed, 'reading')} committed, "
                f"{plural(counts.duplicates, 'duplicate')}, {plural(counts.dead_letters, 'dead letter')}"
            )
        if running.simulation.statistics().live and not was_live:
            was_live = True
            await unless_stopped(as_live(running.children, demo.settings), stop.event)
            demo.say("[bold]caught up with the clock[/]: live from here, Ctrl-C stops everything")
        if demo.check and running.simulation.measured:
            return


def _tell(say: Say, news: list[str]) -> None:
    for line in news[:NEWS_AT_ONCE]:
        say(f"  {line}")
    if len(news) > NEWS_AT_ONCE:
        say(f"  … and {len(news) - NEWS_AT_ONCE} more")


# -- verifying -----------------------------------------------------------------------


async def _verify(demo: Demo, running: Running) -> int:
    conn = running.watch.conn
    said = await asyncio.wrap_future(running.simulation.call(lambda world: list(world.crew_acts())))
    await asyncio.to_thread(running.simulation.stop, DRAIN_S)  # uplinks that are cut come back for it
    await wait_for_rules(conn)
    statistics = running.simulation.statistics()
    tables = [k.table for k in kinds_of(demo.settings).values()]
    scenario = load_scenario(demo.settings.sim.scenario)
    findings: list[Finding] = await no_loss(conn, tables, statistics.created, statistics.outbox)
    findings += await as_expected(conn, scenario.expect)
    if scenario.expect.bins_on_plan > 0:
        findings += await as_planned(
            conn, said, TOWN_ZONE, demo.settings.rounds, scenario.expect.bins_on_plan
        )
    if scenario.expect.incident:
        findings += await as_one(conn, scenario.expect.incident, tuple(scenario.expect.alarms))
    counts = await running.watch.counts()
    demo.say(
        f"published {statistics.created:,}  committed {counts.committed:,}  "
        f"dead-lettered {counts.dead_letters:,}  duplicates {counts.duplicates:,}"
    )
    for finding in findings:
        demo.say(finding.line)
    return 0 if all(f.passed for f in findings) else 1


# -- printing ------------------------------------------------------------------------


class _Phase:
    """Says what was done and how long it took, when it is done."""

    def __init__(self, say: Say, what: str) -> None:
        self._say, self._what, self._since_s = say, what, time.monotonic()

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            self._say(f"[green]✓[/] {self._what} [dim]{time.monotonic() - self._since_s:.1f} s[/]")


def _size(registry: Registry) -> str:
    kinds = [d.kind for d in registry.devices]
    return (
        f"{len(registry.homes)} homes, {kinds.count('road')} road sensors, {kinds.count('weather')} weather stations, "
        f"{len(registry.bins)} bins, {kinds.count('gritter')} gritters, {kinds.count('lorry')} bin lorries"
    )


def _team_password(settings: Settings) -> str:
    given = settings.housing.password
    return secrets.token_urlsafe(12) if given is None else given.get_secret_value()


def _officers_password(settings: Settings, team: str) -> str:
    given = settings.winter.password
    return team if given is None else given.get_secret_value()


def _say_addresses(say: Say, address: str | None, home: str | None, team: str) -> None:
    if address is None:
        return
    say(f"\n  [bold]{address}/[/]         choose a role")
    if home is not None:
        say(f"  {address}/home/{home}   a resident")
    say(f"  {address}/winter   highways: which roads tonight; orders: the same password as for housing")
    say(f"  {address}/bins     waste: which bins today")
    say(f"  {address}/crew     bin crews: the round on a telephone; the same password")
    say(f"  {address}/bin-day/{FIRST_UPRN}   residents: when is my bin day; /bins/report: a full public bin")
    say(f"  {address}/housing  housing: homes that share their damp; password {escape(team)}")
    say(f"  {address}/incidents  operations: what is going on and who has it; the same password")
    say(f"  {address}/open     developers: files, QGIS, SensorThings (README, Ten minutes)")
    say(f"  {address}/fleet    device managers: which devices are not as they are told")
    say(f"  {address}/ops      operations: what is wrong now\n")


def _say_commands(say: Say, folder: Path) -> None:
    """Say how commands of another terminal find this town."""
    say(
        f"  in another terminal: export CITYOPS_DATA_DIR={escape(shlex.quote(str(folder)))}, then e.g. cityops bins show\n"
    )
