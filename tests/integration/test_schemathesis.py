"""Schemathesis over the whole OpenAPI document: no 5xx, nothing that the document does not say, no unauthorised data.

Twenty seconds in all by each run of the tests, of another part of the document each day; ten minutes of all of it by ``make soak``. As a program with every scope, and as nobody.
What it found is printed with a line to send it again. Its settings and exceptions: ``tests/schemathesis.toml``.
"""

from __future__ import annotations

import asyncio
import os
import random
import re
import sys
from datetime import date
from pathlib import Path

import pytest

from ops_api.access.model import SCOPES
from ops_api.housing import tries
from tests.fakes.website import Site

CONFIG = Path(__file__).parents[1] / "schemathesis.toml"
SOAK_S = int(os.environ.get("CITYOPS_TEST_SCHEMATHESIS_S", "600"))
ALLOWANCE_S = 60
PATHS = 30
LEAST = 25
"""Cases without which a run has searched nothing."""


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Answer each wrong password of the hundreds that are tried with 401; how long who guesses waits is tests/unit/test_password_tries.py's."""
    monkeypatch.setattr(tries, "FREE", 10**6)
    monkeypatch.setattr(tries, "TEAM_FREE", 10**6)


async def searched(site: Site, seconds: int, *more: str, config: str = "") -> None:
    """Search for so many seconds; fails with what was found."""
    await site.get("/api/v1/openapi.json")  # made when it is first asked for: seconds, on a busy machine
    command = (
        sys.executable, "-m", "schemathesis.cli", "--config-file", config or str(CONFIG),
        "run", f"{site.url}/api/v1/openapi.json", "--max-time", str(seconds), "-w", "1",
        "--continue-on-failure", "--no-shrink", "--suppress-health-check", "all", *more,
    )  # fmt: skip
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, cwd="/"
    )
    try:
        async with asyncio.timeout(seconds + ALLOWANCE_S):
            said = (await process.communicate())[0].decode()
    finally:
        if process.returncode is None:
            process.kill()
    assert process.returncode == 0, said[-20_000:]
    cases = re.search(r"([\d,]+) generated", said)
    assert cases is not None, said
    assert int(cases[1].replace(",", "")) > LEAST, said
    print(f"schemathesis: {cases[1]} cases in {seconds} s, nothing found")


def as_program(site: Site, folder: Path) -> str:
    """Return a configuration in which a program asks that may do all that programs may; the search leaves its key out too."""
    key = site.with_key(*sorted(SCOPES)).headers["x-api-key"]
    file = folder / "schemathesis.toml"
    file.write_text(CONFIG.read_text("utf-8") + f'\n[auth.openapi.key]\napi_key = "{key}"\n', "utf-8")
    return str(file)


async def todays(site: Site) -> list[str]:
    """Return the arguments for a part of all addresses, another one each day: so that seconds are enough to search them."""
    paths = sorted((await site.get("/api/v1/openapi.json"))["paths"])
    chosen = random.Random(date.today().toordinal()).sample(paths, min(PATHS, len(paths)))  # noqa: DTZ011
    return [word for path in chosen for word in ("--include-path", path)]


async def test_a_program_finds_nothing_in_some_seconds(site: Site, tmp_path: Path) -> None:
    await searched(site, 13, "--phases", "coverage", *await todays(site), config=as_program(site, tmp_path))


async def test_nobody_finds_nothing_in_some_seconds(site: Site) -> None:
    await searched(site, 7, "--phases", "coverage", *await todays(site))


@pytest.mark.soak
@pytest.mark.timeout(2 * SOAK_S + 300)
async def test_a_program_finds_nothing_in_ten_minutes(site: Site, tmp_path: Path) -> None:
    await searched(site, SOAK_S, config=as_program(site, tmp_path))


@pytest.mark.soak
@pytest.mark.timeout(2 * SOAK_S + 300)
async def test_nobody_finds_nothing_in_a_fifth_of_that(site: Site) -> None:
    await searched(site, max(10, SOAK_S // 5))
