"""``cityops verify damp``: simulated homes whose truth is known, through the database and the analyst, and what came of it."""

from __future__ import annotations

import asyncio
import json
import os
import shlex
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

from psycopg.rows import dict_row

from cityops.clock import ManualClock
from cityops.db.migrate import upgrade
from cityops.db.pool import connect
from cityops.embedded.postgres import EmbeddedPostgres
from cityops.errors import TransientError
from cityops.runtime.stop import Stop, in_thread, unless_stopped
from cityops.settings import Settings
from devices.contract.kind import discover
from firmware_sim.world.home_remedies import damp_share, true_causes
from firmware_sim.world.home_weeks import KINDS, TOWN, weeks
from ingest.registry_store import store_registry
from ops_api.demo.stack import clear
from ops_api.verify.damp_judge import Said, Truth, Verdict, judge
from ops_api.verify.damp_report import as_json, as_text
from ops_api.verify.damp_town import FIRST, code, messages, registry
from ops_api.verify.run import INTERRUPTED, Say, own_folder
from ops_api.wiring import reading_tables
from ops_api.wiring_backfill import store_messages
from rules.core.damp_cause.parameters import CauseParameters

Mix = Literal["kinds", "town"]
MIXES = {"kinds": KINDS, "town": TOWN}
FOUND = """
select distinct on (h.code) h.code, f.risk, f.cause, f.confidence, f.mould_index, f.evidence ->> 'not_enough' as not_enough,
       f.evidence -> 'also' as also
from home h left join damp_finding f using (home_id) order by h.code, f.week desc
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class DampPlan:
    """What was asked for.

    Attributes:
        homes: of the town, each with a box.
        days: of readings, every five minutes.
        seed: of homes, habits, weather and sensors.
        mix: which kinds of home: all six in turn, or one damp home in twelve.
        json: whether the result is printed as JSON, and nothing else to standard output.
    """

    homes: int = 60
    days: int = 28
    seed: int = 41
    mix: Mix = "kinds"
    json: bool = False

    @property
    def command(self) -> str:
        """The command line that does the same."""
        numbers = (self.homes, self.days, self.seed)
        words = [
            w for n, v in zip(("homes", "days", "seed"), numbers, strict=True) for w in (f"--{n}", str(v))
        ]
        return shlex.join(["cityops", "verify", "damp", *words, "--mix", self.mix])


async def run_damp(plan: DampPlan, settings: Settings, say: Say, stop: Stop) -> int:
    """Do it in a database of its own; return 0 where the homes were found as promised, else 1."""
    with own_folder(settings) as folder:
        await asyncio.to_thread(clear, folder)
        server = EmbeddedPostgres(folder)
        await in_thread(server.start, interrupt=server.stop)
        try:
            verdict = await unless_stopped(prove(plan, server.dsn, say), stop.event)
        finally:
            await asyncio.to_thread(server.stop)
    if verdict is None:
        say("stopped; nothing is proven")
        return INTERRUPTED
    for line in as_text(verdict):
        say(line)
    if plan.json:
        print(json.dumps({"command": plan.command, **as_json(verdict)}, indent=2))
    return 0 if verdict.passed else 1


async def prove(plan: DampPlan, dsn: str, say: Callable[[str], None]) -> Verdict:
    """Fill an empty database, have it analysed by a process of its own, and compare with the truth.

    Raises:
        TransientError: the database does not answer, or the analyst ended with an error.
    """
    say(f"the same again: {plan.command}")
    w = await asyncio.to_thread(weeks, plan.seed, plan.homes, plan.days, MIXES[plan.mix])
    async with await connect(dsn, application_name="cityops verify") as conn:
        await upgrade(conn, reading_tables(discover()))
        await store_registry(conn, registry(w, plan.seed))
    clock = ManualClock(FIRST + timedelta(days=plan.days, hours=1))
    readings, refused = await store_messages(dsn, messages(w), clock)
    say(f"{readings:,} readings of {plan.homes} homes and {plan.days} days are stored, {refused} refused")
    if refused != 0:
        raise TransientError(f"{refused} simulated readings were refused: see dead_letter")
    # The truth is worked out while the analyst's process works.
    none_share = CauseParameters().none_share
    (causes, removed), _ = await asyncio.gather(
        asyncio.to_thread(true_causes, w, plan.seed, plan.days, none_share), _analyse(dsn)
    )
    share = damp_share(w)
    truths = [
        Truth(kind, float(share[i]), causes[i], {c: float(r[i]) for c, r in removed.items()})
        for i, kind in enumerate(w.kind)
    ]
    found = await _findings(dsn)
    return judge(truths, [Said(**found[code(i)]) for i in range(plan.homes)])


async def _analyse(dsn: str) -> None:
    """Run the damp analyst over the whole town, as ``cityops damp recompute --now`` does."""
    words = (sys.executable, "-m", "ops_api", "damp", "recompute", "--now")
    process = await asyncio.create_subprocess_exec(
        *words,
        env={**os.environ, "CITYOPS_DB__DSN": dsn},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        _, said = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0:
        raise TransientError(f"the damp analyst ended with {process.returncode}: {said.decode()[-500:]}")


async def _findings(dsn: str) -> dict[str, dict[str, Any]]:
    async with await connect(dsn, application_name="cityops verify") as conn:
        rows = await (await conn.cursor(row_factory=dict_row).execute(FOUND)).fetchall()
    return {row.pop("code"): row for row in rows}
