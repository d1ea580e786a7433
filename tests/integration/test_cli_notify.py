"""``cityops notify``, ``people`` and ``rota`` as an operator meets them, and the sender as a process."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from tests.fakes.command_line import cityops
from tests.fakes.notify_server import Server, serving

EXAMPLES = Path(__file__).parents[2] / "deploy" / "notify"
CHANNEL = "CITYOPS_NOTIFY__CHANNELS__CHAT"


def chat(server: Server) -> dict[str, str]:
    return {CHANNEL: f"json://u:TOKEN-1@127.0.0.1:{server.port}/{{address}}"}


def run(dsn: str, *words: str, **environment: str) -> tuple[int, str]:
    done = cityops(*words, CITYOPS_DB__DSN=dsn, **environment)
    said = done.stdout + done.stderr
    assert "Traceback" not in said
    assert "TOKEN" not in said
    return done.returncode, said


def test_people_and_rota_are_loaded_and_shown(db_dsn: str, tmp_path: Path) -> None:
    assert run(db_dsn, "rota", "show")[1].startswith("nobody is on call")
    assert run(db_dsn, "people", "load", str(EXAMPLES / "people.toml")) == (0, "3 people can be told\n")
    code, text = run(db_dsn, "people", "list")
    assert code == 0
    assert "amira            Amira Khan: duty_officer, gritting_officer, quiet 22:00-07:00\n" in text
    assert "  govuk_sms      …123, major and above\n" in text
    assert "447700900123" not in text
    code, text = run(db_dsn, "rota", "load", str(EXAMPLES / "rota.ics"))
    assert (code, text.split()[1:4]) == (0, ["shifts", "until", "60"])
    code, text = run(db_dsn, "rota", "show")
    assert text.startswith("duty_officer ")
    assert " until " in text

    file = tmp_path / "people.toml"
    file.write_text('[[person]]\nperson = "ben"\nlabel = "Ben"\n')
    assert run(db_dsn, "people", "load", str(file)) == (0, "1 people can be told; no longer: amira, carys\n")
    code, text = run(db_dsn, "rota", "load", str(EXAMPLES / "rota.ics"))
    assert code == 2
    assert "rota: event Amira Khan: neither its summary nor an attendee" in text


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("rota", "load"), 2, "say which: a file, an https address"),
        (("rota", "load", "http://calendar.example/TOKEN"), 2, "must begin with https://"),
        (("rota", "load", "/nowhere.ics"), 3, "/nowhere.ics: No such file"),
        (("rota", "show", "--at", "noon"), 2, "--at 'noon' is no time"),
        (("people", "load", "/etc/hostname"), 2, "/etc/hostname:"),
        (("notify", "retry", "99"), 2, "there is no notification 99"),
        (("notify", "outbox", "--state", "gone"), 2, "states: pending, sending"),
        (("notify", "outbox"), 0, "nothing is in the outbox"),
        (("notify", "test", "fax"), 2, "no channel 'fax' is configured; there are webhook"),
    ],
)
def test_a_mistake_is_told_in_words(db_dsn: str, words: tuple[str, ...], code: int, said: str) -> None:
    got, text = run(db_dsn, *words)
    assert said in text.replace("TOKEN", "")
    assert got == code


def test_a_channel_is_tried_at_once(db_dsn: str, tmp_path: Path) -> None:
    file = tmp_path / "people.toml"
    file.write_text(
        '[[person]]\nperson = "ben"\nlabel = "Ben"\n[[person.contact]]\nchannel = "chat"\naddress = "room-7"\n'
    )
    assert run(db_dsn, "people", "load", str(file))[0] == 0
    with serving() as server:
        code, text = run(db_dsn, "notify", "channels", **chat(server))
        assert text.splitlines()[0].split()[:2] == ["chat", "Apprise"]
        assert (
            json.loads(run(db_dsn, "notify", "channels", "--json", **chat(server))[1])[1]["channel"]
            == "webhook"
        )
        assert run(db_dsn, "notify", "test", "chat", "--to", "ben", **chat(server)) == (0, "chat: sent\n")
        assert server.asked[0].path == "/room-7"
        assert "Test, nothing to do: channel chat" in server.asked[0].body.decode()
        code, text = run(db_dsn, "notify", "test", "chat", "--to", "zoe", **chat(server))
        assert (code, "nobody is called 'zoe'" in text) == (2, True)
        code, text = run(db_dsn, "notify", "test", "chat", **chat(server))
        assert (code, "team:chat has no address for chat" in text) == (1, True)
        server.status = 500
        code, text = run(db_dsn, "notify", "test", "chat", "--to", "ben", **chat(server))
        assert (code, text) == (1, "chat: retry, apprise could not send it\n")


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.mark.usefixtures("quick_start")
def test_the_sender_sends_fails_is_told_to_try_again_and_stops(db_dsn: str) -> None:
    """As a process, as compose runs it; its own words hold neither token nor address."""
    with psycopg.connect(db_dsn, autocommit=True) as conn, serving() as server:
        conn.execute("insert into person (person, label) values ('ben', 'Ben')")
        conn.execute("insert into contact values ('ben', 0, 'chat', 'room-7SECRET', 'info')")

        def plan(key: str, channel: str) -> None:
            conn.execute(
                "insert into notification (key, recipient, channel, kind, severity, title, body, not_before, expires_at)"
                " values (%s, 'ben', %s, 'raised', 'critical', 'Ice, −1.8 °C', 'b', now(), now() + interval '1 hour')",
                (key, channel),
            )

        def states() -> dict[str, str]:
            return dict(conn.execute("select key, state from notification").fetchall())

        environment = {"PATH": os.environ["PATH"], "CITYOPS_DB__DSN": db_dsn, "CITYOPS_LOG__LEVEL": "debug"}
        sender = subprocess.Popen(
            [sys.executable, "-m", "ops_api", "notify", "run"],
            env=environment | chat(server), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        try:
            plan("a", "chat")
            plan("b", "fax")
            until(lambda: states() == {"a": "sent", "b": "failed"})
            assert server.asked[0].path == "/room-7SECRET"
            code, text = run(db_dsn, "notify", "outbox", "--state", "failed")
            assert "after 1 attempt: no channel 'fax' is configured" in text
            number = text.split()[0]
            code, text = run(db_dsn, "notify", "retry", number)
            assert (code, text.startswith(f"notification {number} is sent again")) == (0, True)
            until(lambda: states()["b"] == "failed")
            conn.execute(
                "update notification set state = 'suppressed', suppressed_why = 'its alarm is closed' where key = 'b'"
            )
            code, text = run(db_dsn, "notify", "outbox", "--state", "suppressed")
            assert "not sent: its alarm is closed" in text
            code, text = run(db_dsn, "notify", "retry", number)
            assert (code, "is suppressed: it is not sent again" in text) == (2, True)
            sent = json.loads(run(db_dsn, "notify", "outbox", "--state", "sent", "--json")[1])
            code, text = run(db_dsn, "notify", "retry", str(sent[0]["notification_id"]))
            assert (code, "is sent: it is not sent again" in text) == (2, True)
            sender.send_signal(signal.SIGTERM)
            said, _ = sender.communicate(timeout=60)
        finally:
            sender.kill()
            sender.wait()
    assert sender.returncode == 0, said
    assert "TOKEN" not in said
    assert "SECRET" not in said
