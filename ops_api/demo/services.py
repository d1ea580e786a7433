"""Start the demo's services and wait until each says it is ready."""

from __future__ import annotations

import asyncio
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path

from cityops.embedded.process import free_ports
from cityops.errors import TransientError
from ops_api.demo.children import Children

READY_WITHIN_S = 60.0
WITHHELD = {"api": ("CITYOPS_DB__DSN",)}
"""Settings that a service does not get: the website has logins of its own, and not the owner's."""


async def start_services(
    environment: Mapping[str, str],
    log_dir: Path,
    api_port: int | None,
    *,
    notify: bool = False,
    fleet: bool = True,
) -> tuple[Children, str | None]:
    """Start ingester, rules, fleet service, (with a port) the web server and, where asked for, the sender of notifications.

    Args:
        environment: settings of the stack they run on.
        log_dir: where each writes its log.
        api_port: port of the pages, 0 for a free one, None for no pages.
        notify: whether somebody can be told.
        fleet: whether devices are told their settings.

    Returns:
        The children, and the pages' address.

    Raises:
        TransientError: one ended or was not ready in time; all are stopped then.
    """
    ports = dict(zip(("ingest", "rules", "api", "notify", "fleet"), free_ports(5), strict=True))
    children = Children(
        {
            **environment,
            "CITYOPS_INGEST__HEALTH_PORT": str(ports["ingest"]),
            "CITYOPS_RULES__HEALTH_PORT": str(ports["rules"]),
            "CITYOPS_FLEET__HEALTH_PORT": str(ports["fleet"]),
            "CITYOPS_LOG__FORMAT": "human",
        },
        log_dir,
    )
    commands = {"ingest": ["ingest"], "rules": ["rules", "run"]} | (
        {"fleet": ["fleet", "run"]} if fleet else {}
    )
    if api_port is not None:
        ports["api"] = ports["api"] if api_port == 0 else api_port
        children.environment = {**children.environment, "CITYOPS_API__PORT": str(ports["api"])}
        commands["api"] = ["api"]
    if notify:
        children.environment = {
            **children.environment,
            "CITYOPS_NOTIFY__HEALTH_PORT": str(ports["notify"]),
        }
        commands["notify"] = ["notify", "run"]
    try:
        for name, arguments in commands.items():
            children.start(name, arguments, withheld=WITHHELD.get(name, ()))
        await asyncio.gather(*(wait_ready(children, name, ports[name]) for name in commands))
    except BaseException:
        await children.stop()
        raise
    return children, f"http://127.0.0.1:{ports['api']}" if "api" in commands else None


async def wait_ready(children: Children, name: str, port: int) -> None:
    """Return when the service answers its readiness page with 200.

    Raises:
        TransientError: it has ended, or is not ready in time.
    """
    deadline_s = time.monotonic() + READY_WITHIN_S
    while not await asyncio.to_thread(is_ready, port):
        children.check()
        if time.monotonic() > deadline_s:
            raise TransientError(
                f"{name} is not ready after {READY_WITHIN_S:g} s; see {children.log_path(name)}"
            )
        await asyncio.sleep(0.05)


def is_ready(port: int) -> bool:
    """Whether the service with its health pages on ``port`` says that it is ready."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2.0) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
