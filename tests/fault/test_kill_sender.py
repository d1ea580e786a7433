"""The sender killed with -9 between sending and recording: nothing is lost, and what may come twice says so."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable

import psycopg
import pytest

from rules.notify.worker import REPEAT
from tests.fakes.notify_server import Server, serving

pytestmark = [pytest.mark.fault, pytest.mark.usefixtures("quick_start")]

PLAN = """
insert into notification (key, recipient, channel, kind, severity, title, body, not_before, expires_at)
select 'n' || i, 'team:chat', 'chat', 'raised', case i when 1 then 'critical' else 'info' end, 'Ice, −1.8 °C', 'b',
       now(), now() + interval '1 hour'
  from generate_series(1, 2) i
"""


def sender(dsn: str, server: Server) -> subprocess.Popen[bytes]:
    environment = {
        "PATH": os.environ["PATH"],
        "CITYOPS_DB__DSN": dsn,
        "CITYOPS_NOTIFY__TIMEOUT_S": "3",  # a lease of 26 s
        "CITYOPS_NOTIFY__CHANNELS__CHAT": f"json://127.0.0.1:{server.port}/",
    }
    return subprocess.Popen(
        [sys.executable, "-m", "ops_api", "notify", "run"], env=environment, stderr=subprocess.DEVNULL
    )


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 90
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_killed_sender_loses_nothing_and_repeats_only_what_is_severe(db_dsn: str) -> None:
    with psycopg.connect(db_dsn, autocommit=True) as conn, serving() as server:

        def states() -> dict[str, str]:
            return dict(conn.execute("select key, state from notification").fetchall())

        server.gate.clear()
        first = sender(db_dsn, server)
        try:
            conn.execute(PLAN)
            until(lambda: len(server.asked) == 2)  # taken by the other side, answered to nobody
        finally:
            first.send_signal(signal.SIGKILL)
            first.wait()
        assert states() == {"n1": "sending", "n2": "sending"}
        [(leased,)] = conn.execute("select bool_and(claimed_until > now()) from notification").fetchall()
        assert leased
        conn.execute("update notification set claimed_until = now()")  # half a minute later
        server.gate.set()
        second = sender(db_dsn, server)
        try:
            until(lambda: states() == {"n1": "sent", "n2": "unknown"})
        finally:
            second.terminate()
            assert second.wait(60) == 0
    assert len(server.asked) == 3
    assert [REPEAT.encode() in a.body for a in server.asked] == [False, False, True]
    assert REPEAT.encode() in server.asked[2].body
