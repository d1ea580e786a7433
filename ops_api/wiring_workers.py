"""Composition of ``cityops ingest --workers N``: N ingest processes and their common pages."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

from cityops.clock import SystemClock
from cityops.runtime.health import HealthServer
from cityops.runtime.stop import Stop
from cityops.runtime.supervisor import Service, run_services
from cityops.runtime.worker_pages import WorkerPages
from cityops.runtime.workers import WorkerPlan, Workers
from cityops.settings import IngestSettings, Settings
from ops_api.wiring_ingest import DEADLINE_S, check_ingest, run_ingest

GRACE_S = DEADLINE_S + 2.0
"""What a worker has from SIGTERM on: its own deadline, and a moment."""


def build_workers(settings: Settings, environment: Mapping[str, str]) -> dict[str, Service]:
    """Return the supervised workers, and their common pages where a port is set, by name.

    Args:
        settings: with ``ingest.workers``; each worker gets the same, but for its port.
        environment: what the workers get beside that.

    Raises:
        ConfigurationError: whatever would stop each of them at once.
    """
    check_ingest(settings)
    ports = worker_ports(settings.ingest)
    pages = WorkerPages(ports, "cityops_ingest_")
    plans = [
        WorkerPlan(
            number,
            [sys.executable, "-m", "ops_api", "ingest"],
            {
                **environment,
                "CITYOPS_INGEST__WORKERS": "1",
                "CITYOPS_INGEST__HEALTH_PORT": str(port),
                "CITYOPS_HEALTH_HOST": "127.0.0.1",  # where their parent asks them
            },
        )
        for number, port in ports.items()
    ]
    workers = Workers(plans, SystemClock(), GRACE_S, lambda number: pages.restarts.labels(str(number)).inc())
    services: dict[str, Service] = {"ingest workers": workers}
    if settings.ingest.health_port != 0:
        services["ingest worker pages"] = pages
        services["ingest health"] = HealthServer(
            settings.ingest.health_port, pages.ready, pages.registry, settings.health_host
        )
    return services


def worker_ports(ingest: IngestSettings) -> dict[int, int]:
    """Return each worker's own health port, by its number: those after the common one, or 0 for none."""
    first = ingest.health_port
    return {number: 0 if first == 0 else first + 1 + number for number in range(ingest.workers)}


async def run_ingest_workers(settings: Settings, stop: Stop) -> None:
    """Run ``ingest.workers`` ingest workers until ``stop``; a single one in this process."""
    if settings.ingest.workers == 1:
        await run_ingest(settings, stop)
    else:
        await run_services(build_workers(settings, os.environ), stop, GRACE_S + 4.0)
