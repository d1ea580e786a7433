"""Checks of this machine: Python, disk, ports, clock."""

from __future__ import annotations

import asyncio
import platform
import shutil
import sys
import tempfile
from pathlib import Path

from cityops.embedded.process import port_is_free
from cityops.finding import Finding, fail, ok, warn
from cityops.settings import Settings
from ops_api.own_database import running_database

OLDEST_PYTHON = (3, 11)
DISK_ERROR_GB = 1.0
DISK_WARNING_GB = 5.0
BROKER_PORT = 1883


async def python(_settings: Settings) -> list[Finding]:
    """Python's version and word size."""
    found = f"Python {platform.python_version()}, {platform.machine()}"
    if sys.version_info < OLDEST_PYTHON:
        return [fail("Python", found, "install Python 3.11 or newer and run `make setup` again")]
    if sys.maxsize <= 2**32:
        return [
            fail(
                "Python", f"{found}, 32-bit", "use a 64-bit system for the server; the agent runs on 32 bits"
            )
        ]
    return [ok("Python", f"{found}, 64-bit")]


async def data_directory(settings: Settings) -> list[Finding]:
    """Whether the data directory can be written."""
    folder = settings.data_dir
    name = "data directory"
    try:
        existing = _nearest(folder)
        if (blocked := _no_folder(folder)) is not None:
            raise NotADirectoryError(0, f"{blocked} is no folder")
        with tempfile.TemporaryFile(dir=existing):
            pass
    except OSError as problem:
        return [fail(name, f"{folder}: {problem.strerror}", "choose another: --data-dir or CITYOPS_DATA_DIR")]
    return [ok(name, f"{folder}{'' if folder.is_dir() else ' (will be made)'}")]


async def disk(settings: Settings) -> list[Finding]:
    """Space left where the data is."""
    folder = _nearest(settings.data_dir)
    free_gb = shutil.disk_usage(folder).free / 1e9
    detail = f"{free_gb:.1f} GB free at {folder}"
    fix = "make room, or move the data: --data-dir or CITYOPS_DATA_DIR"
    if free_gb < DISK_ERROR_GB:
        return [fail("disk", detail, fix)]
    if free_gb < DISK_WARNING_GB:
        return [warn("disk", detail, fix)]
    return [ok("disk", detail)]


async def ports(settings: Settings) -> list[Finding]:
    """Whether the ports of the pages and the usual broker port are free; ours in use is fine."""
    running = running_database(settings.data_dir) is not None
    findings = []
    for what, port, host, variable in (
        ("pages", settings.api.port, settings.api.host, "CITYOPS_API__PORT"),
        ("broker", settings.mqtt.port, settings.mqtt.host, "CITYOPS_MQTT__PORT"),
    ):
        if port == 0 or not _is_local(host):
            continue
        name = f"port {port}"
        if port_is_free(port):
            findings.append(ok(name, f"free for the {what}"))
        elif running or what == "broker":
            findings.append(ok(name, f"something listens there ({what})"))
        else:
            findings.append(warn(name, "in use by another program", f"choose another: --port or {variable}"))
    return findings


async def clock(_settings: Settings) -> list[Finding]:
    """Whether the machine's clock is kept right, where the system says so."""
    if shutil.which("timedatectl") is None:
        return [ok("clock", "no timedatectl here to ask whether it is synchronised")]
    process = await asyncio.create_subprocess_exec(
        *("timedatectl", "show", "--property=NTPSynchronized", "--value"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    said, _ = await process.communicate()
    answer = said.decode().strip()
    if answer == "no":
        fix = "switch time synchronisation on: sudo timedatectl set-ntp true"
        return [warn("clock", "not synchronised; readings from the future are refused", fix)]
    return [
        ok(
            "clock",
            "synchronised" if answer == "yes" else "timedatectl cannot say whether it is synchronised",
        )
    ]


def _nearest(folder: Path) -> Path:
    """Return ``folder`` or the nearest parent that exists."""
    folder = folder.absolute()
    return next(path for path in (folder, *folder.parents) if path.is_dir())


def _no_folder(folder: Path) -> Path | None:
    """Return what stands in the way of ``folder``: itself or a parent that is something else."""
    folder = folder.absolute()
    return next((path for path in (folder, *folder.parents) if path.exists() and not path.is_dir()), None)


def _is_local(host: str) -> bool:
    return host in {"127.0.0.1", "localhost", "::1", "0.0.0.0", "::"}  # noqa: S104  only compared with
