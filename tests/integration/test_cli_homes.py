"""``cityops homes`` as its user starts it."""

from __future__ import annotations

import csv
import io
import subprocess
from datetime import timedelta

from tests.fakes.command_line import cityops
from tests.fakes.households import street


def homes(dsn: str, *words: str) -> subprocess.CompletedProcess[str]:
    return cityops("homes", *words, CITYOPS_DB__DSN=dsn)


async def test_labels_for_the_printer_members_and_moving_out(db_dsn: str) -> None:
    async with street(db_dsn, homes=3) as lane:
        await lane.sql(
            "insert into join_code (home_id, code_hash, kind, strong) values (%s, join_code_hash('home-code-1'), 'label', false)",
            await lane.home(1),
        )
        done = homes(db_dsn, "code", "--all")
        assert done.returncode == 0, done.stderr
        rows = list(csv.DictReader(io.StringIO(done.stdout)))
        assert [r["home"] for r in rows] == ["home-code-1", "home-code-2", "home-code-3"]
        assert len({r["code"] for r in rows}) == 3
        for row in rows:
            [(strong, hint)] = await lane.sql(
                "select strong, hint from join_code where code_hash = join_code_hash(%s) and revoked_at is null",
                row["code"],
            )
            assert strong
            assert row["code"].endswith(hint)
        # The code before is void.
        [(revoked,)] = await lane.sql(
            "select revoked_at is not null from join_code where code_hash = join_code_hash('home-code-1')"
        )
        assert revoked
        assert "Resident 2" in homes(db_dsn, "members", "home-code-2").stdout
        gone = homes(db_dsn, "moved-out", "home-code-2", "--all", "--at", "2026-01-15")
        assert "1 moved out" in gone.stdout, gone.stderr
        assert "nobody has joined" in homes(db_dsn, "members", "home-code-2").stdout
        new = homes(db_dsn, "code", "home-code-2", "--uses", "1")
        [row] = csv.DictReader(io.StringIO(new.stdout))
        # The end was dated back, but told only now: what was written meanwhile is not the next ones'.
        [(ended, since, now)] = await lane.sql(
            "select to_at::date::text, stay_from(join_code_id, gen_random_uuid(), now()), now()"
            " from join_code join household_member using (home_id) where code_hash = join_code_hash(%s)",
            row["code"],
        )
        assert ended == "2026-01-15"
        assert now - since < timedelta(hours=1)


async def test_mistakes_are_told_in_words(db_dsn: str) -> None:
    for words, said in (
        (("code",), "say which home, or --all"),
        (("code", "nope"), "there is no home 'nope'"),
        (("code", "--all", "--from", "soon"), "'soon' is no time"),
        (("members", "nope"), "there is no home 'nope'"),
        (("moved-out", "nope"), "say --member ID or --all"),
    ):
        done = homes(db_dsn, *words)
        assert (done.returncode, said in done.stderr) == (2, True), (words, done.stderr)
