"""The drill of docs/operating.md: base back-up, archived log, a mistake, and the database as of just before it."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

import psycopg

from cityops.embedded.account import server_account
from cityops.embedded.postgres import EmbeddedPostgres, wheel_binaries
from ops_api.backup.session import environment
from tests.fakes.databases import SMALL_LOG


def count(dsn: str) -> int:
    with psycopg.connect(dsn) as conn:
        row = conn.execute("select count(*) from reading").fetchone()
    assert row is not None
    return int(row[0])


def until(done: object, seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not done():  # type: ignore[operator]
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.1)


def test_the_database_comes_back_as_of_a_time(server_dir: Path) -> None:
    folder = server_dir / "pitr"
    folder.mkdir(mode=0o711)
    archive = folder / "wal"
    archive.mkdir()
    account = server_account(folder)
    if account is not None:
        os.chown(archive, account.uid, account.gid)
    settings = {
        **SMALL_LOG, "wal_level": "replica", "archive_mode": "on",
        "archive_command": f"test ! -f {archive}/%f && cp %p {archive}/%f",
    }  # fmt: skip
    with EmbeddedPostgres(folder / "a", auth="trust", durable=False, settings=settings) as server:
        with psycopg.connect(server.dsn, autocommit=True) as conn:
            conn.execute("create table reading (n int)")
            conn.execute("insert into reading select generate_series(1, 100)")
            base = folder / "base"
            subprocess.run(
                [wheel_binaries() / "pg_basebackup", "-D", base, "--wal-method=none", "--checkpoint=fast"],
                env=environment(server.dsn), check=True, capture_output=True,
            )  # fmt: skip
            conn.execute("insert into reading select generate_series(101, 350)")
            row = conn.execute("select clock_timestamp()").fetchone()
            assert row is not None
            before = row[0]
            time.sleep(0.2)
            conn.execute("delete from reading")  # the mistake
            conn.execute("select pg_switch_wal()")
            archived = (
                "select last_archived_wal >= pg_walfile_name(pg_current_wal_lsn() - 1) from pg_stat_archiver"
            )
            until(lambda: (conn.execute(archived).fetchone() or [False])[0])
        assert count(server.dsn) == 0
    # The restore: the base as a cluster of its own, told where the log is and when to stop.
    home = folder / "b" / "postgres-18"
    home.mkdir(parents=True)
    shutil.copytree(base, home / "data")
    (home / "data" / "recovery.signal").touch()
    for path in [home, *home.rglob("*")]:
        if account is not None:
            os.chown(path, account.uid, account.gid)
    for path in (home, home / "data"):
        path.chmod(0o700)
    recovery = {
        **SMALL_LOG, "restore_command": f"cp {archive}/%f %p", "recovery_target_time": before.isoformat(),
        "recovery_target_action": "promote",
    }  # fmt: skip
    with EmbeddedPostgres(folder / "b", auth="trust", durable=False, settings=recovery) as back:
        with psycopg.connect(back.dsn, autocommit=True) as conn:
            until(lambda: not (conn.execute("select pg_is_in_recovery()").fetchone() or [True])[0])
        assert count(back.dsn) == 350
