"""A synchronous standby of an embedded database."""

from __future__ import annotations

import shutil
import signal
import time
from pathlib import Path

import psycopg

from cityops.embedded.account import own_directory, server_account
from cityops.embedded.postgres import EmbeddedPostgres, runnable_binaries
from cityops.embedded.process import ServerProcess, free_port

WITHIN_S = 60.0


class Standby:
    """Follows ``primary``; what the primary commits is on both. The folder is the primary's."""

    def __init__(self, primary: EmbeddedPostgres, data_dir: Path) -> None:
        self._primary = primary
        root = data_dir / "postgres-18"
        self._account = server_account(root)
        self._binaries = runnable_binaries(root, self._account)
        self._folder = own_directory(data_dir / "standby", self._account)
        self.port = free_port()
        self._copy()
        self._process = self._run(
            "postgres", "-D", self._cluster, "-c", f"port={self.port}", "-c", "listen_addresses=127.0.0.1",
            "-c", "unix_socket_directories=", "-c", "max_connections=200", "-c", "fsync=off",
        )  # fmt: skip
        self._become_synchronous()

    @property
    def _cluster(self) -> Path:
        return self._folder / "data"

    @property
    def dsn(self) -> str:
        """Connection string of the standby."""
        return self._primary.dsn.replace(f":{self._primary.port}/", f":{self.port}/")

    def promote(self) -> None:
        """Make it the primary."""
        with psycopg.connect(self.dsn, autocommit=True) as conn:
            # Copied from the primary: alone, it would wait for a standby for ever.
            conn.execute("select pg_promote(true, 60)")
            conn.execute("alter system reset synchronous_standby_names")
            conn.execute("select pg_reload_conf()")

    def stop(self) -> None:
        """Stop it."""
        self._process.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _run(self, program: str, *arguments: str | Path) -> ServerProcess:
        return ServerProcess(
            [self._binaries / program, *arguments],
            account=self._account,
            log_file=self._folder / f"{program}.log",
            stop_signal=signal.SIGINT,
            env={"LC_ALL": "C.UTF-8"},
        )

    def _copy(self) -> None:
        copy = self._run(
            "pg_basebackup", "-D", self._cluster, "-d", self._primary.dsn, "-R", "-X", "stream", "-c", "fast"
        )
        _until(lambda: not copy.running)
        assert copy.stop() == 0, copy.last_words()

    def _become_synchronous(self) -> None:
        with psycopg.connect(self._primary.dsn, autocommit=True) as conn:
            conn.execute("alter system set synchronous_standby_names = '*'")
            conn.execute("select pg_reload_conf()")
            _until(
                lambda: conn.execute("select sync_state from pg_stat_replication").fetchall() == [("sync",)]
            )


def _until(condition: object, seconds: float = WITHIN_S) -> None:
    deadline_s = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline_s, "waited in vain"
        time.sleep(0.05)
