"""``cityops gaps`` as its user starts it."""

from __future__ import annotations

import json
import subprocess

from tests.fakes.command_line import cityops
from tests.fakes.ledger_rows import Conn, held, register


def gaps(dsn: str, *words: str) -> subprocess.CompletedProcess[str]:
    return cityops("gaps", *words, CITYOPS_DB__DSN=dsn)


async def test_the_command_says_what_is_missing(pg: Conn, db_dsn: str) -> None:
    device_id = await register(pg, "frog-0004")
    await held(pg, device_id, 3829, "{[1000,1200],[1208,1300],[1311,1400]}")
    await register(pg, "road-1", "road")
    done = gaps(db_dsn)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("17 numbers missing at 1 device.")
    assert "boot 3829: 17 missing: 1201-1207, 1301-1310" in done.stdout
    document = json.loads(gaps(db_dsn, "--json").stdout)
    assert document["missing"] == 17
    assert document["devices"][0]["ranges"][1] == {"boot": 3829, "first": 1301, "last": 1310}
    assert "road-1 (road): no gap in its numbers" in gaps(db_dsn, "--device", "road-1").stdout
    assert gaps(db_dsn, "--kind", "road").stdout.startswith("Nothing is missing.")


async def test_mistakes_are_told_in_words(db_dsn: str, empty_dsn: str, pg: Conn) -> None:
    await register(pg, "frog-1")
    for words, code, said in (
        (("--device", "frog-9"), 2, "no device is called 'frog-9'"),
        (("--device", "frog-1", "--kind", "road"), 2, "device 'frog-1' is a frog, not a road"),
        (("--kind", "snail"), 2, "--kind 'snail' is no kind; kinds: bin, frog"),
        (("--since", "soon"), 2, "--since 'soon': write 6h"),
    ):
        done = gaps(db_dsn, *words)
        assert (done.returncode, said in done.stderr) == (code, True), done.stderr
    done = gaps(empty_dsn)
    assert done.returncode == 2
    assert "run `cityops db upgrade`" in done.stderr
