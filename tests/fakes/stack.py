"""docker-compose.yml without containers: each service's own command as a process, in compose's order.

What compose gives, this gives: the environment, secrets as files in a folder of each service's own, mounted files and
volumes, health checks as they are written before what waits for them, SIGTERM with the grace that is written. Paths,
ports and host names inside become those outside. PostgreSQL is an embedded one, Mosquitto the installed one (of whose
configuration 2.0 does not know three lines).
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from cityops.embedded.account import Account, server_account
from cityops.embedded.mosquitto_binary import find_mosquitto
from cityops.embedded.postgres import EmbeddedPostgres, wheel_binaries
from cityops.embedded.process import ServerProcess, free_ports
from tests.fakes.compose import ROOT, is_once, is_ours, secret_files

ONLY_2_1 = ("global_plugin", "plugin_opt_", "accept_protocol_versions")
"""What Mosquitto 2.0 does not know; the stack's image is 2.1."""
PORTS = ("1883", "8883", "8080", "9101", "9102", "9103", "9104", "9105")
SECRETS = "/run/secrets"
ASK_EVERY_S = 1.5
"""Between two health checks of a service: each is a program, which takes time from those that start."""


def grace_s(service: Mapping[str, Any]) -> float:
    """Return what compose lets a service have to stop in [s]."""
    return float(service.get("stop_grace_period", "10s").removesuffix("s"))


def bring(source: Path, target: Path) -> None:
    """Copy a file where it is another: what is as it was may be read just now, and a copy begins by emptying it."""
    if not target.exists() or target.read_bytes() != source.read_bytes():
        shutil.copyfile(source, target)


@dataclass
class Stack:
    """The stack's services as processes.

    Args:
        compose: the file as a test reads it.
        folder: of this run.
        more: further environment by service, e.g. to make the town small.

    Attributes:
        running: by service, in the order of their start.
        log: what happened: seconds since the start, service, words.
    """

    compose: Mapping[str, Any]
    folder: Path
    more: Mapping[str, Mapping[str, str]]
    patience_s: float = 400.0
    running: dict[str, ServerProcess] = field(default_factory=dict)
    log: list[tuple[float, str, str]] = field(default_factory=list)
    started: float = field(default_factory=time.monotonic)
    _asked: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Make secrets as an operator does, and the shim of what the broker's image has and a host may not."""
        self.ports = dict(zip(PORTS, map(str, free_ports(len(PORTS))), strict=True))
        self.secrets = self.folder / "secrets"
        script = ROOT / "deploy" / "secrets.sh"
        subprocess.run([script, self.secrets, self.folder / ".env"], check=True, capture_output=True)
        self.database = EmbeddedPostgres(self.folder / "db", durable=False)
        tools = self.folder / "bin"
        tools.mkdir()
        probe = "import socket, sys; socket.create_connection((sys.argv[2], int(sys.argv[3])), 3)"
        (tools / "nc").write_text(f"#!/bin/sh\nexec '{sys.executable}' -S -c '{probe}' \"$@\"\n")
        (tools / "python").write_text(f"#!/bin/sh\nexec '{sys.executable}' \"$@\"\n")
        for tool in tools.iterdir():
            tool.chmod(0o755)

    def say(self, name: str, words: str) -> None:
        """Write a line of the log."""
        self.log.append((time.monotonic() - self.started, name, words))

    def service(self, name: str) -> Mapping[str, Any]:
        """Return the service as compose has it."""
        found: Mapping[str, Any] = self.compose["services"][name]
        return found

    def start_all(self, names: list[str]) -> None:
        """Start services as compose does: each as soon as what it waits for is well or has ended well."""
        waiting, under_way, reached = list(names), list[str](), set[str]()
        end = time.monotonic() + self.patience_s
        while waiting or under_way:
            for name in [n for n in waiting if set(self.service(n).get("depends_on", {})) <= reached]:
                waiting.remove(name)
                self.start(name)
                under_way.append(name)
            for name in [n for n in under_way if self._has_come_up(n)]:
                under_way.remove(name)
                reached.add(name)
            assert time.monotonic() < end, {name: self.last_words(name) for name in under_way}
            time.sleep(0.2)

    def _has_come_up(self, name: str) -> bool:
        """Whether a service is healthy, or has ended with 0, or is one that nobody asks."""
        process = self.running.get(name)
        if is_once(self.service(name)):
            assert process is not None
            return not process.running and self._ended(name)
        assert process is None or process.running, f"{name} ended: {process and process.last_words(30)}"
        if "test" not in self.service(name).get("healthcheck", {}):
            return True
        if self._asked.get(name, -ASK_EVERY_S) + ASK_EVERY_S > time.monotonic():
            return False
        self._asked[name] = time.monotonic()
        if self.well(name):
            self.say(name, "healthy")
            return True
        return False

    def _ended(self, name: str) -> bool:
        process = self.running.pop(name)
        code = process.stop()
        assert code == 0, f"{name}: {process.last_words(20)}"
        self.say(name, "ended, exit code 0")
        return True

    def start(self, name: str) -> None:
        """Start a service's command."""
        if name == "db":
            self.database.start()
            for file in ("cityops_db__dsn", "restore_dsn"):
                (self.secrets / file).write_text(self.database.dsn)  # its host is here, and not `db`
            own = conninfo_to_dict((self.secrets / "cityops_api__dsn").read_text())
            web = make_conninfo(self.database.dsn, user=own["user"], password=own["password"])
            (self.secrets / "cityops_api__dsn").write_text(web)
            self.say(name, "started (an embedded PostgreSQL 18)")
            return
        service = self.service(name)
        words = [self.here(name, str(word)) for word in service["command"]]
        if is_ours(service):
            words = [sys.executable, "-m", "ops_api", *words]
        account = self._account() if name == "broker" else None
        if name == "broker":
            words = [str(find_mosquitto(None).path), "-c", str(self._broker_file(account))]
        self.running[name] = ServerProcess(
            words,
            account=account,
            log_file=self.folder / f"{name}.log",
            stop_signal=signal.SIGTERM,
            grace_s=grace_s(service),
            env=self.environment(name),
        )
        self.say(name, f"started: `{' '.join(map(str, service['command']))}`")

    def environment(self, name: str) -> dict[str, str]:
        """Return the environment of a service: compose's, with paths, ports and hosts of here."""
        service = self.service(name)
        found = {k: self.here(name, str(v)) for k, v in service.get("environment", {}).items()}
        for key in [k for k in found if k.endswith(("HEALTH_PORT", "API__PORT"))]:
            found[key] = self.ports[found[key]]
        if not is_ours(service):
            volume = self.volume("broker-config") / "passwords"
            acl = str(ROOT / "deploy" / "mosquitto" / "acl")
            return found | {"SECRETS": str(self._secrets_of(name)), "PASSWORDS": str(volume), "ACL": acl}
        if "CITYOPS_MQTT__HOST" in found:
            found |= {"CITYOPS_MQTT__HOST": "127.0.0.1", "CITYOPS_MQTT__PORT": self.ports["1883"]}
        data = self.volume(self._data_volume(service) or f"none-{name}")
        fixed = {
            "CITYOPS_SECRETS_DIR": str(self._secrets_of(name)),
            "CITYOPS_DATA_DIR": str(data),
            "CITYOPS_LOG__FORMAT": "json",
        }
        return found | fixed | dict(self.more.get(name, {}))

    def run(self, name: str, *words: str, shown: str = "") -> str:
        """Run another command in a service's place: ``docker compose run --rm NAME WORDS``; return what it says."""
        command = [sys.executable, "-m", "ops_api", *words] if is_ours(self.service(name)) else ["sh", *words]
        done = subprocess.run(
            [self.here(name, word) for word in command],
            env=os.environ | self.environment(name),
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        self.say(name, f"run: `{shown or ' '.join(words)}`")
        return done.stdout

    def here(self, name: str, text: str) -> str:
        """Return ``text`` with the paths that the container has replaced by those outside."""
        places = {SECRETS: self._secrets_of(name)}
        for mount in self.service(name).get("volumes", []):
            source, target = mount.split(":")[:2]
            places[target] = ROOT / source if source.startswith("./") else self.volume(source)
        for inside in sorted(places, key=len, reverse=True):
            text = text.replace(inside, str(places[inside]))
        return text

    def volume(self, name: str) -> Path:
        """Return the folder that stands for a named volume."""
        place = self.folder / "volumes" / name
        place.mkdir(parents=True, exist_ok=True)
        return place

    def well(self, name: str) -> bool:
        """Run the service's health check as it is written, with the ports of here."""
        kind, *words = self.service(name)["healthcheck"]["test"]
        inside = re.compile(rf"(?<=[: ])({'|'.join(PORTS)})\b|^({'|'.join(PORTS)})$")
        words = [inside.sub(lambda m: self.ports[m[0]], self.here(name, word)) for word in words]
        path = f"{self.folder / 'bin'}:{wheel_binaries()}:{os.environ['PATH']}"
        environment = os.environ | {"PATH": path, "PGPORT": str(self.database.port)}
        command = ["/bin/sh", "-c", words[0]] if kind == "CMD-SHELL" else words
        return subprocess.run(command, env=environment, capture_output=True).returncode == 0

    def until(self, done: Callable[[], bool], why: Callable[[], str]) -> None:
        """Wait for ``done``."""
        end = time.monotonic() + self.patience_s
        while not done():
            assert time.monotonic() < end, why()
            time.sleep(0.2)

    def run_once(self, name: str) -> None:
        """Run a service that waits to be asked for, to its end: ``docker compose run --rm NAME``."""
        self.start(name)
        self.until(lambda: not self.running[name].running, lambda: self.last_words(name))
        self._ended(name)

    def last_words(self, name: str) -> str:
        """Return the end of a service's log."""
        return self.running[name].last_words(30) if name in self.running else "not running"

    def hup(self, name: str) -> None:
        """``docker compose kill -s HUP NAME``."""
        self.running[name].send(signal.SIGHUP)
        self.say(name, "SIGHUP: users, rights and certificate are read again")

    def stop(self, name: str) -> tuple[int, float]:
        """Stop a service as compose does; return exit code and seconds."""
        began = time.monotonic()
        code = self.running.pop(name).stop()
        seconds = time.monotonic() - began
        self.say(name, f"stopped, exit code {code} after {seconds:.1f} s")
        return code, seconds

    def close(self) -> None:
        """End whatever still runs, in the reverse of the starting order."""
        for process in reversed(self.running.values()):
            process.stop()
        self.running.clear()
        self.database.stop()

    def _secrets_of(self, name: str) -> Path:
        """Return the folder that a service has for ``/run/secrets``: its own secrets and no others."""
        place = self.folder / "run" / name
        place.mkdir(parents=True, exist_ok=True)
        for target, source in secret_files(self.service(name)).items():
            file = self.secrets / Path(self.compose["secrets"][source]["file"]).name
            bring(file, place / target)
        return place

    def _data_volume(self, service: Mapping[str, Any]) -> str | None:
        mounts = [mount.split(":") for mount in service.get("volumes", [])]
        return next((m[0] for m in mounts if m[1] == "/var/lib/cityops"), None)

    def _account(self) -> Account | None:
        return server_account(self.folder)

    def _broker_file(self, account: Account | None) -> Path:
        """Return the stack's own configuration with paths and ports of here, all readable by the broker's user."""
        conf = ROOT / "deploy" / "mosquitto" / "mosquitto.conf"
        version = find_mosquitto(None).version
        lines = [
            line
            for line in self.here("broker", conf.read_text(encoding="utf-8")).splitlines()
            if version >= (2, 1, 0) or not line.startswith(ONLY_2_1)
        ]
        place = self.folder / "run" / "broker"
        text = re.sub(
            r"^listener (\d+)$",
            lambda m: f"listener {self.ports[m[1]]} 127.0.0.1",
            "\n".join(lines),
            flags=re.M,
        )
        file = place / "mosquitto.conf"
        file.write_text(text + "\n")
        if account is not None:
            (self.folder / "volumes").chmod(0o711)
            for folder in (place, self.volume("broker-config"), self.volume("broker-data")):
                for path in (folder, *folder.iterdir()):
                    os.chown(path, account.uid, account.gid)
        return file
