"""docs/stack-start.md: the log of one real start and stop."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime

HEAD = """# The stack's start, run for real

Written by `CITYOPS_TEST_STACK_LOG=docs/stack-start.md python -m pytest tests/e2e/test_stack_commands.py`, on every run of
the tests checked and thrown away. The commands, environment, secrets as files, health checks and stopping signals are those of
`docker-compose.yml`; they run as processes, since the tests have no container engine. The database is the embedded PostgreSQL,
the broker the installed Mosquitto with `deploy/mosquitto/mosquitto.conf`. Grafana and Prometheus do not run here.

Order, by what each waits for: {order}.

Run on {day}, {machine}. The town has 8 homes, 6 road sensors, 8 bins and plays 600 times as fast.
"""


def page(log: Sequence[tuple[float, str, str]], names: Sequence[str]) -> str:
    """Return the page: a line for each thing that happened, with the seconds since the start."""
    machine = (
        f"{platform.system()} {platform.machine()}, Python {platform.python_version()}, {os.cpu_count()} cores "
        f"with {os.getloadavg()[1]:.0f} processes waiting for them (5 minutes' load)"
    )
    order = " → ".join(f"`{name}`" for name in names)
    head = HEAD.format(order=order, day=f"{datetime.now(UTC):%-d %B %Y}", machine=machine)
    lines = [f"| {at:.1f} | `{name}` | {words} |" for at, name, words in log]
    return "\n".join([head, "| s | service | what |", "| ---: | --- | --- |", *lines, ""])
