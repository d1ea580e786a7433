"""Builds a frog's page, button and eyes from the configuration."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

from devices.agent.agent import Agent
from devices.agent.config import AgentConfig
from devices.agent.entry import Entry
from devices.agent.frog import Frog, FrogParts
from devices.agent.frog_record import Forgetful, Record, catch_up, forget_both, how_many_again, open_ring
from devices.agent.outbox import OutboxError
from devices.drivers.button import GpioButton
from devices.drivers.eyes import GpioLight
from devices.log import get_logger
from devices.page.app import FrogApp, FrogHouse
from devices.page.ring import Ring
from devices.page.server import PageServer
from devices.page.standing import Desk

log = get_logger(__name__)


class History(Forgetful, Protocol):
    """An outbox that can show its newest entries again, and forget."""

    def newest(self, limit: int) -> Iterable[Entry]:
        """Return them, newest first."""
        ...


def make_parts(config: AgentConfig, clock: Callable[[], float]) -> FrogParts | None:
    """Return what the configuration names; None where it names nothing of a frog.

    Raises:
        ConfigurationError: a pin that can't be used.
    """
    serves = config.page is not None and config.page.enabled
    if not serves and config.button is None and config.eyes is None:
        return None
    return FrogParts(
        button=GpioButton(config.button.pin, clock) if config.button is not None else None,
        light=GpioLight(config.eyes.pin) if config.eyes is not None else None,
        dark_at=config.eyes.dark_at if config.eyes is not None else lambda hour: False,
        zone=config.page.zone if config.page is not None else ZoneInfo("Europe/London"),
        serve=partial(serve_page, config, clock) if serves else None,
    )


def serve_page(config: AgentConfig, clock: Callable[[], float], ring: Ring, desk: Desk) -> PageServer:
    """Return the page's server, listening; OSError where it can't."""
    page = config.page
    assert page is not None, "a page was asked for"
    house = FrogHouse(
        room=page.room, names=page.hosts(config.device.name), zone=page.zone, public=page.allow_public
    )
    app = FrogApp(house, ring.reader(), desk, page.pin(), clock)
    return PageServer(app, page.listen, page.port, public=page.allow_public)


def make_frog(
    agent: Agent, outbox: History, folder: Path, parts: FrogParts, clock: Callable[[], float]
) -> Frog | None:
    """Return the frog around ``agent``; None where its card takes no record: it goes on measuring."""
    try:
        ring = open_ring(folder)
    except (sqlite3.Error, OSError) as e:
        log.warning("no record, no page", folder=str(folder), reason=str(e))
        return None
    record = Record(ring)
    try:
        catch_up(outbox, record)
        record.refill(outbox.newest(how_many_again(ring)))
    except (OutboxError, sqlite3.Error) as e:
        log.warning("the record was not filled from the outbox", reason=str(e))
    return Frog(agent, record, Desk(clock), parts, clock, partial(forget_both, outbox, record))
