"""Messages of Home Assistant's MQTT discovery."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from cityops.errors import ConfigurationError, TransientError
from devices.agent import home_assistant as agent
from devices.agent.broker import BrokerAddress
from devices.agent.clock_state import Moment
from devices.agent.config import load_config
from devices.agent.link import ServerLimits
from devices.contract import home_assistant as ha
from devices.contract.kind import discover
from ops_api.cli_home_assistant import address_of
from ops_api.home_assistant_bridge import SignedOutError, carry, checked_site, messages, signed_in

KINDS = discover()
AT = datetime(2026, 1, 9, 5, 10, tzinfo=UTC)
FROG = ha.Subject(device="frog-0001", kind=KINDS["frog"], name="Bedroom", cadence_s=300)


def test_a_frog_is_discovered_with_what_it_measures() -> None:
    reading = {"temperature_c": 0.0, "humidity_pct": 61.2, "wall_temperature_c": None}
    found = ha.discovery(FROG, ha.present(FROG, reading))
    assert [m.topic for m in found] == [
        "homeassistant/sensor/cityops_frog-0001/temperature_c/config",
        "homeassistant/sensor/cityops_frog-0001/humidity_pct/config",
    ]
    assert all(m.retain for m in found)
    first = json.loads(found[0].payload)
    assert first == {
        "unique_id": "cityops_frog-0001_temperature_c", "name": "Room temperature", "state_topic": "cityops/frog-0001/state",
        "value_template": "{{ value_json.get('temperature_c') }}", "device_class": "temperature", "state_class": "measurement",
        "unit_of_measurement": "°C", "suggested_display_precision": 1, "expire_after": 900,
        "availability": [{"topic": "cityops/frog-0001/availability"}], "origin": {"name": "cityops"},
        "device": {"identifiers": ["cityops_frog-0001"], "name": "Bedroom", "manufacturer": "cityops", "model": "Frog box"},
    }  # fmt: skip
    state = ha.state(FROG, reading, AT)
    assert not state.retain
    assert json.loads(state.payload) == {
        "temperature_c": 0.0, "humidity_pct": 61.2, "wall_temperature_c": None, "measured_at": "2026-01-09T05:10:00+00:00",
    }  # fmt: skip


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_can_be_discovered(kind: str) -> None:
    subject = ha.Subject(device="thing-1", kind=KINDS[kind], name="", cadence_s=60)
    found = ha.discovery(subject, [f.name for f in KINDS[kind].fields])
    assert len({json.loads(m.payload)["unique_id"] for m in found}) == len(KINDS[kind].fields)
    for message, field in zip(found, KINDS[kind].fields, strict=True):
        config = json.loads(message.payload)
        assert (config.get("device_class") == "enum") == bool(field.codes)
        assert ("unit_of_measurement" in config) != bool(field.codes)
    assert {m.topic for m in found} < {m.topic for m in ha.removal(subject)}
    assert all(m.payload == b"" and m.retain for m in ha.removal(subject))


def test_codes_become_words_and_nan_nothing() -> None:
    road = ha.Subject(device="road-1", kind=KINDS["road"], name="", cadence_s=600)
    said = json.loads(
        ha.state(road, {"surface_state": 4, "surface_temperature_c": math.nan, "other": 1}, AT).payload
    )
    assert said == {"surface_state": "ice", "surface_temperature_c": None, "measured_at": AT.isoformat()}


@pytest.mark.parametrize(
    ("device", "prefix"),
    [("frog/1", "homeassistant"), ("frog-1", "a/#"), ("frog-1", ""), ("frog-1", "+"), ("frog-1", "a//b")],
)
def test_no_name_leads_elsewhere(device: str, prefix: str) -> None:
    with pytest.raises(ValueError, match=r"device|prefix"):
        ha.Subject(device=device, kind=KINDS["frog"], name="", cadence_s=60, prefix=prefix)


def test_the_agents_file_says_what_is_wrong(tmp_path: Path) -> None:
    text = (
        '[device]\nname = "frog-1"\nkind = "frog"\ndata_dir = "/tmp"\n[broker]\nhost = "127.0.0.1"\n'
        '[[sensors]]\ndriver = "sht4x"\n[home_assistant]\nhost = "ha.local"\n'
    )
    path = tmp_path / "agent.toml"
    path.write_text(text)
    section = load_config(path).home_assistant
    assert section is not None
    assert (section.address().host, section.address().port, section.enabled) == ("ha.local", 1883, True)
    path.write_text(text + 'prefix = "a/#"\n')
    with pytest.raises(ConfigurationError, match=r"home_assistant\.prefix"):
        load_config(path)
    path.write_text(text + 'password_file = "/nowhere/at/all"\n')
    section = load_config(path).home_assistant
    assert section is not None
    with pytest.raises(ConfigurationError, match=r"home_assistant\.password_file"):
        section.address()


@pytest.mark.parametrize(
    "broker", ["http://x", "mqtt://", "mqtt://u:secret@host", "mqtts://host", "mqtt://host:99999", "host"]
)
def test_a_broker_is_an_address_without_a_password(broker: str) -> None:
    with pytest.raises(ConfigurationError, match="--broker"):
        address_of(broker, None, None)


def test_a_token_goes_over_tls_or_nowhere() -> None:
    assert checked_site("https://sensors.example/") == "https://sensors.example"
    assert checked_site("http://127.0.0.1:8080") == "http://127.0.0.1:8080"
    for site in ("http://sensors.example", "ftp://x", "sensors.example", "http://127.0.0.1.evil.example"):
        with pytest.raises(ConfigurationError, match="--site"):
            checked_site(site)


class Stub:
    """A bridge that notes what it is told."""

    def __init__(self) -> None:
        self.told: list[Any] = []
        self.served = 0

    def tell(self, newest: list[dict[str, Any]]) -> None:
        self.told.append(newest)

    def serve(self, timeout_s: float) -> None:
        self.served += 1


def test_a_site_that_is_away_is_asked_again_and_one_that_knows_us_no_more_is_not() -> None:
    answers = iter([[{"topic": "a"}], TransientError("away"), [{"topic": "b"}], SignedOutError("gone")])

    def ask() -> list[dict[str, Any]]:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    stub = Stub()
    with pytest.raises(SignedOutError):
        carry(stub, ask, lambda: False, every_s=0.0)  # type: ignore[arg-type]
    assert stub.told == [[{"topic": "a"}], [{"topic": "b"}]]
    assert stub.served == 3


def test_a_token_file_of_something_else_is_left_alone(tmp_path: Path) -> None:
    kept = tmp_path / "token"
    for text in ("", "[]", '{"home": "x"}', "\x00"):
        kept.write_text(text)
        with pytest.raises(ConfigurationError, match="holds no token"):
            signed_in("http://127.0.0.1:1", "x", kept)
        assert kept.read_text() == text
    kept.write_text('{"home": "x", "token": "secret-of-x"}')
    home = signed_in("http://127.0.0.1:1", "x", kept)
    assert (home.code, home.token) == ("x", "secret-of-x")
    assert "secret-of-x" not in repr(home)
    with pytest.raises(TransientError, match="can't be asked"):
        messages(home)


class Wire:
    """A link that is there and keeps what is published."""

    connected = True

    def __init__(self) -> None:
        self.sent: list[str] = []

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> int:
        self.sent.append(topic.rpartition("/")[2])
        return 1

    def subscribe(self, topics: list[str]) -> None:
        """Take a subscription."""

    def service(self, timeout_s: float) -> None:
        """Nothing comes."""


def test_an_old_reading_is_not_told_again_when_home_assistant_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    now_s = [1000.0]
    monkeypatch.setattr(agent, "monotonic", lambda: now_s[0])
    made, wire = agent.HomeAssistant(FROG, BrokerAddress()), Wire()
    monkeypatch.setattr(made, "_link", wire)
    made.on_connected(ServerLimits())
    assert wire.sent == [], "nothing is known of a frog that has measured nothing"
    for n in range(20):  # more than wait: the newest stay
        made.measured((1, n), Moment(n, n, 0), {"temperature_c": float(n)})
    made._turn(0.0)
    assert wire.sent.count("config") == 1
    assert wire.sent.count("state") == 8
    for later_s, told in ((899.0, 1), (901.0, 0)):
        wire.sent.clear()
        now_s[0] = 1000.0 + later_s
        made.on_message("homeassistant/status", b"online")
        assert (wire.sent.count("config"), wire.sent.count("state")) == (1, told)
    made.on_message("homeassistant/status", b"offline")
    made.on_message("other", b"online")
    assert wire.sent.count("config") == 1
