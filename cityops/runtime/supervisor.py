"""Several services in one process: one TaskGroup, named tasks, stop as a phase.

A service ends by itself when ``stop`` is set; only one that is still busy at the
deadline is cancelled. A service that fails takes the others down in order.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Protocol

import structlog

from cityops.errors import InvariantError
from cityops.runtime.stop import Stop

log = structlog.get_logger(__name__)


class Service(Protocol):
    """Something that runs until it is asked to stop."""

    async def run(self, stop: asyncio.Event) -> None:
        """Run; on ``stop`` finish what is begun, close what is open and return."""
        ...


async def run_services(services: Mapping[str, Service], stop: Stop, deadline_s: float = 20.0) -> None:
    """Run the services until ``stop``; return when all have ended.

    Args:
        services: by name, which becomes the task's.
        stop: set by a signal, a caller, or here as soon as a service fails.
        deadline_s: time from ``stop`` after which a service is cancelled [s].

    Raises:
        Exception: the first failure of a service, after the others have stopped. A service
            that returns although nobody asked is a failure (InvariantError).
    """
    failures: list[Exception] = []
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(_guard(name, service, stop, failures), name=name)
            for name, service in services.items()
        ]
        await _deadline(tasks, stop.event, deadline_s)
    if failures:
        raise failures[0]


async def _guard(name: str, service: Service, stop: Stop, failures: list[Exception]) -> None:
    try:
        await service.run(stop.event)
        if not stop.event.is_set():
            raise InvariantError(f"service {name} ended although nobody asked it to")
    except Exception as error:
        log.exception("service failed", service=name)
        failures.append(error)
        stop(f"{name} failed: {error}")
    else:
        log.debug("service stopped", service=name)


async def _deadline(tasks: list[asyncio.Task[None]], stop: asyncio.Event, deadline_s: float) -> None:
    """Wait for ``stop``, give the tasks their time, then cancel what is left."""
    await stop.wait()
    _, late = await asyncio.wait(tasks, timeout=deadline_s) if tasks else (set(), set())
    for task in late:
        log.error(
            "service did not stop in time and is cancelled", service=task.get_name(), deadline_s=deadline_s
        )
        task.cancel()
