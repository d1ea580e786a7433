"""A private PostgreSQL: it starts, keeps its data, asks for a password, and ends with us."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import psycopg
import pytest

from cityops.embedded.postgres import EmbeddedPostgres, running_dsn
from cityops.embedded.sole_use import sole_use
from cityops.errors import ConfigurationError, TransientError


@pytest.fixture(scope="module")
def data_dir(server_dir: Path) -> Path:
    return server_dir / "embedded"


@pytest.fixture
def server(data_dir: Path) -> Iterator[EmbeddedPostgres]:
    with EmbeddedPostgres(data_dir, durable=False) as started:
        yield started


def test_data_survives_stop_and_kill(server: EmbeddedPostgres) -> None:
    with psycopg.connect(server.dsn) as conn:
        conn.execute("create table if not exists kept (n int)")
        conn.execute("insert into kept values (1)")
    server.stop()
    assert server.pid is None
    server.start()
    server.kill()
    server.start()
    with psycopg.connect(server.dsn) as conn:
        row = conn.execute("select count(*) from kept").fetchone()
    assert row == (1,)


def test_it_wants_the_password_and_is_not_run_by_root(server: EmbeddedPostgres) -> None:
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(f"postgresql://cityops:wrong@127.0.0.1:{server.port}/cityops")
    assert server.pid is not None
    assert psutil.Process(server.pid).uids().real != 0


def test_the_password_is_nobody_elses_to_read(server: EmbeddedPostgres, data_dir: Path) -> None:
    file = data_dir / "postgres-18" / "password"
    assert file.stat().st_mode & 0o077 == 0
    assert file.read_text().strip() in server.dsn


def test_a_second_server_on_the_same_folder_is_refused_and_the_first_found(
    server: EmbeddedPostgres, data_dir: Path
) -> None:
    assert running_dsn(data_dir) == server.dsn
    with pytest.raises(ConfigurationError, match="running on it already"):
        EmbeddedPostgres(data_dir, durable=False).start()
    assert server.pid is not None
    server.stop()
    assert running_dsn(data_dir) is None


def test_a_taken_port_is_named(server: EmbeddedPostgres, server_dir: Path) -> None:
    with pytest.raises(ConfigurationError, match=f"port {server.port} on 127.0.0.1 is in use"):
        EmbeddedPostgres(server_dir / "taken", server.port, durable=False).start()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root changes users, and so may lack a way in")
def test_a_closed_parent_folder_is_named_and_left_as_it_is(server_dir: Path) -> None:
    closed = server_dir / "closed"
    closed.mkdir(mode=0o700)
    with pytest.raises(ConfigurationError, match=f"may not enter {closed}; choose another folder"):
        EmbeddedPostgres(closed / "data").start()
    assert closed.stat().st_mode & 0o777 == 0o700


PARENT = """
import sys, time
from pathlib import Path
from cityops.embedded.mosquitto import EmbeddedMosquitto
from cityops.embedded.postgres import EmbeddedPostgres
from threading import Thread

server = EmbeddedPostgres(Path(sys.argv[1]), durable=False)
starter = Thread(target=server.start)  # a server must outlive the thread that started it
starter.start()
starter.join()
broker = EmbeddedMosquitto(Path(sys.argv[1]))
broker.start()
time.sleep(0.2)
print(server.pid, broker.pid, flush=True)
time.sleep(60)
"""


@pytest.mark.fault
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_servers_do_not_outlive_a_killed_parent(server_dir: Path, how: signal.Signals) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, str(server_dir / "orphans")], stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        pids = [int(text) for text in parent.stdout.readline().split()]
        assert all(psutil.pid_exists(pid) for pid in pids)
        assert len(pids) == 2
        parent.send_signal(how)
        parent.wait()
    deadline = time.monotonic() + 10
    while any(alive(pid) for pid in pids):
        assert time.monotonic() < deadline, "a server outlived its parent by 10 s"
        time.sleep(0.05)


def alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.mark.parametrize("after_s", [0.0, 0.5])
def test_a_start_is_given_up_when_asked_to_stop(server_dir: Path, after_s: float) -> None:
    server = EmbeddedPostgres(server_dir / f"given-up-{after_s}", durable=False)
    with ThreadPoolExecutor(1) as pool:
        starting = pool.submit(server.start)
        time.sleep(0.05 + after_s)
        asked = time.monotonic()
        server.stop()
        failure = starting.exception(10.0)
        took_s = time.monotonic() - asked
        server.stop()  # where the start had just ended
    assert took_s < 3.0
    assert failure is None or "stopped while it was starting" in str(failure)
    assert server.pid is None
    server.start()  # what is left of the first attempt is no hindrance
    server.stop()


def test_a_stop_after_the_first_answer_gives_the_start_up_as_well(
    server_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = EmbeddedPostgres(server_dir / "given-up-late", durable=False)
    create = server._create_database
    monkeypatch.setattr(server, "_create_database", lambda: (server.stop(), create()))
    with pytest.raises(TransientError, match="stopped while it was starting"):
        server.start()
    assert server.pid is None


def test_a_folder_is_for_one_process_at_a_time(tmp_path: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    message = f"in use by another cityops .process {holder.pid}."
    with pytest.raises(ConfigurationError, match=message), sole_use(tmp_path):
        pass
    holder.kill()
    holder.communicate()
    with sole_use(tmp_path):
        pass


HOLD = """
import sys
from pathlib import Path
from cityops.embedded.sole_use import sole_use
with sole_use(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""
