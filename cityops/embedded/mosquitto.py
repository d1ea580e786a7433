"""A private Mosquitto broker that ends with the process that started it.

It guarantees nothing by itself: what it has acknowledged may be lost in a crash
(2.0 keeps its queue in memory between autosaves). The devices' outboxes and the
receipts carry the guarantee.
"""

from __future__ import annotations

import signal
import time
from pathlib import Path

import structlog

from cityops.embedded.account import own_directory, server_account, write_private
from cityops.embedded.mosquitto_binary import Binary, find_mosquitto
from cityops.embedded.mosquitto_files import (
    Access,
    Listener,
    acl_file,
    anybody_file,
    configuration,
    password_file,
)
from cityops.embedded.process import ServerProcess, free_port
from cityops.errors import ConfigurationError, TransientError
from cityops.paths import default_data_dir

log = structlog.get_logger(__name__)

HOST = "127.0.0.1"
_EVERYWHERE = "0.0.0.0"  # noqa: S104  only compared with
_START_TIMEOUT_S = 10.0
_PORT_ATTEMPTS = 5
_AGAIN_S = 0.5
"""Mosquitto says that it runs a moment before it does, and forgets to end where it is asked to in that moment: killed
after the grace it would have saved nothing."""
_STORE = "mosquitto.db"
PID_FILE = "broker.pid"
_UNREADABLE = "Couldn't open database"


class _UnreadableStoreError(TransientError):
    """The broker ends because it can't read its own file."""

    def __init__(self, words: str) -> None:
        super().__init__(f"mosquitto did not start: {words}")


class EmbeddedMosquitto:
    """A broker of our own.

    Args:
        data_dir: the cityops data directory; the broker's files live in ``broker`` below it.
        port: TCP port for devices; None or 0 takes a free one.
        access: users and rights; None lets anyone do anything (loopback only).
        listen: address of the devices' port.
        binary: program to run; found by itself where None.
        anybody_port: where who gives no name has ``access.anybody_rights``, on the same address as devices; 0: nowhere.

    Attributes:
        host, port: where devices connect.
        service_port: where services connect: with ``access`` a port of its own, whose users may
            choose their client ids; without, the same as ``port``.
    """

    def __init__(
        self,
        data_dir: Path,
        port: int | None = None,
        access: Access | None = None,
        *,
        listen: str = HOST,
        binary: Binary | None = None,
        anybody_port: int = 0,
    ) -> None:
        if access is None and listen not in (HOST, "localhost"):
            raise ConfigurationError(f"a broker that listens on {listen} needs users: give access")
        self._data_dir = data_dir.absolute()
        self._fixed_port = port or None
        self._access = access
        self._binary = binary
        self._listen = listen
        self._anybody_port = anybody_port if access is not None else 0
        self._process: ServerProcess | None = None
        self.host = HOST if listen == _EVERYWHERE else listen
        self.port = port or 0
        self.service_port = 0

    @property
    def pid(self) -> int | None:
        """Process id of the broker, None where it is not running."""
        return None if self._process is None or not self._process.running else self._process.pid

    def start(self) -> None:
        """Start the broker; return when it accepts connections. Sessions of earlier runs are kept.

        Ports that were free at the first start stay the same at the next.

        Raises:
            ConfigurationError: no program, or the port in use.
            TransientError: where it does not come up.
        """
        if self.pid is not None:
            return
        binary = self._binary or _find(self._data_dir)
        for _ in range(_PORT_ATTEMPTS):
            self._choose_ports()
            if self._launch_anyhow(binary):
                self._fixed_port = self.port
                return
            self.service_port = 0
            if self._fixed_port is not None:
                break
        raise ConfigurationError(f"mosquitto: port {self.port} on {self._listen} is in use; choose another")

    def stop(self) -> None:
        """Stop the broker; it saves its sessions. May be repeated."""
        if self._process is not None:
            self._process.stop()
            self._process = None

    def kill(self) -> None:
        """Kill the broker as a crash would."""
        if self._process is not None:
            self._process.kill()
            self._process = None

    def revive(self) -> bool:
        """Start it again where it ended by itself; return whether it had. Ports stay, and logins that others added since.

        Raises:
            TransientError: where it does not come up.
        """
        if self._process is None or self._process.running:
            return False
        log.warning("the broker ended by itself and is started again", said=self._process.last_words()[-400:])
        if not self._launch_anyhow(self._binary or _find(self._data_dir), anew=False):
            raise TransientError(f"mosquitto: port {self.port} on {self._listen} is in use")
        return True

    def save(self) -> None:
        """Make the broker write its sessions to disk now (SIGUSR1)."""
        self._signal(signal.SIGUSR1)

    def set_access(self, access: Access) -> None:
        """Replace users and rights of a running broker that has users; connections stay."""
        if self._access is None:
            raise ConfigurationError("this broker was started without users; start it with access")
        self._access = access
        self._write_access(self._folder())
        self._signal(signal.SIGHUP)

    def __enter__(self) -> EmbeddedMosquitto:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _signal(self, number: signal.Signals) -> None:
        if self._process is None or not self._process.running:
            raise TransientError("the broker is not running")
        self._process.send(number)

    def _folder(self) -> Path:
        folder = self._data_dir / "broker"
        return own_directory(folder, server_account(folder))

    def _choose_ports(self) -> None:
        self.port = self._fixed_port or free_port(HOST)
        if self._access is None:
            self.service_port = self.port
        elif self.service_port == 0:
            self.service_port = free_port(HOST)

    def _write_access(self, folder: Path) -> None:
        if self._access is not None:
            account = server_account(folder)
            write_private(folder / "passwords", password_file(self._access), account)
            write_private(folder / "acl", acl_file(self._access), account)
            write_private(folder / "acl-anybody", anybody_file(self._access), account)

    def _launch_anyhow(self, binary: Binary, *, anew: bool = True) -> bool:
        """Launch it, without its file where it can't read that."""
        try:
            return self._launch(binary, anew=anew)
        except _UnreadableStoreError as e:
            self._set_aside(e)
            return self._launch(binary, anew=anew)

    def _launch(self, binary: Binary, *, anew: bool) -> bool:
        """Start the broker and wait for it; False where a port was taken meanwhile. ``anew``: write users and rights first."""
        folder = self._folder()
        account = server_account(folder)
        listeners = [Listener(self.port, self._listen, devices=True)]
        if self.service_port != self.port:
            listeners.append(Listener(self.service_port, HOST, devices=False))
        if self._anybody_port:
            listeners.append(Listener(self._anybody_port, self._listen, devices=False, anybody=True))
        if anew:
            self._write_access(folder)
        text = configuration(binary.version, listeners, folder, named_users=self._access is not None)
        self._process = ServerProcess(
            [binary.path, "-c", write_private(folder / "mosquitto.conf", text, account)],
            account=account,
            log_file=folder / "broker.log",
            stop_signal=signal.SIGTERM,
            again_s=_AGAIN_S,
            env=binary.env,
        )
        up = self._await(self._process)
        if up:
            # For whoever changes devices' logins while it runs (ops_api/provisioning/brokers/password_file.py).
            (folder / PID_FILE).write_text(f"{self._process.pid}\n")
        return up

    def _await(self, process: ServerProcess) -> bool:
        deadline = time.monotonic() + _START_TIMEOUT_S
        while process.running and time.monotonic() < deadline:
            if " running" in process.last_words():  # a connection could reach another's broker
                return True
            time.sleep(0.01)
        words = process.last_words()
        self.stop()
        if "Address already in use" in words:
            return False
        if _UNREADABLE in words:
            raise _UnreadableStoreError(words)
        raise TransientError(f"mosquitto did not start: {words}")

    def _set_aside(self, error: _UnreadableStoreError) -> None:
        """Put away a file that was cut short, as 2.0 leaves it on a full disk: it would never start again."""
        store = self._folder() / _STORE
        if not store.exists():
            raise error
        kept = store.replace(store.with_suffix(".unreadable"))
        log.warning("the broker's file is unreadable and set aside; devices send again", file=str(kept))


def _find(data_dir: Path) -> Binary:
    try:
        return find_mosquitto(data_dir)
    except ConfigurationError:
        return find_mosquitto(default_data_dir())
