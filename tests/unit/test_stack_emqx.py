"""deploy/emqx: well-formed, with our limits, and the rights of the contract. No EMQX is run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cityops.settings import IngestSettings
from devices.contract.access import ANYBODY_RIGHTS, DEVICE_RIGHTS, FLEET_RIGHTS, INGEST_RIGHTS, STA_RIGHTS
from devices.contract.provisioning import ITERATIONS
from devices.contract.topics import ASK, DOWN, PREFIX, UP
from ingest.mqtt_options import WEEK_S
from tests.fakes import hocon

FOLDER = Path(__file__).parents[2] / "deploy" / "emqx"
CONF = hocon.parse((FOLDER / "emqx.conf").read_text(encoding="utf-8"))
RULE = re.compile(
    r'^\{allow, (?:\{username, "(\w+)"\}|(all)), (publish|subscribe), \[([^\]]*)\]\}\.$|^\{deny, all\}\.$'
)


def rules() -> list[tuple[str, str, str]]:
    """Return (who, action, topic) in order; the file's end must deny the rest."""
    text = (FOLDER / "acl.conf").read_text(encoding="utf-8")
    bare = "\n".join(line for line in text.splitlines() if not line.startswith("%%"))
    statements = [" ".join(s.split()) for s in re.findall(r"\{.*?\}\.(?=\s|$)", bare, re.DOTALL)]
    assert "".join(statements).replace(" ", "") == re.sub(r"\s", "", bare)  # nothing else is there
    assert statements[-1] == "{deny, all}."
    found = []
    for statement in statements[:-1]:
        match = RULE.match(statement)
        assert match is not None, statement
        user, everyone, action, topics = match.groups()
        found += [(user or everyone, action, topic) for topic in re.findall(r'"([^"]+)"', topics)]
    return found


def test_the_rights_are_those_of_the_contract() -> None:
    action = {"read": "subscribe", "write": "publish"}
    wanted = {("town", "publish", f"{PREFIX}/+/+/+/{channel}") for channel in UP | {ASK}}
    wanted |= {("town", "subscribe", f"{PREFIX}/+/+/+/{channel}") for channel in DOWN}
    for who, rights in (
        ("ingest", INGEST_RIGHTS),
        ("fleet", FLEET_RIGHTS),
        ("sta", STA_RIGHTS),
        ("all", ANYBODY_RIGHTS + DEVICE_RIGHTS),
    ):
        for right in rights:
            verb, topic = right.split(" ")
            wanted.add((who, action[verb], topic.replace("%u", "${username}")))
    assert set(rules()) == wanted
    assert len(rules()) == len(wanted)


def test_what_is_not_allowed_is_refused() -> None:
    assert CONF["authorization"]["no_match"] == "deny"
    assert [s["type"] for s in CONF["authorization"]["sources"]] == ["file"]
    assert CONF["authentication"][0]["user_id_type"] == "username"


def test_devices_logins_are_those_of_the_database_in_the_format_that_devices_make() -> None:
    services, devices = CONF["authentication"]
    assert (services["backend"], devices["backend"]) == ("built_in_database", "postgresql")
    hashing = devices["password_hash_algorithm"]
    assert (hashing["name"], hashing["mac_fun"]) == ("pbkdf2", "sha512")
    assert (int(hashing["iterations"]), int(hashing["dk_length"])) == (ITERATIONS, 64)
    assert "password" not in devices, "a secret"
    assert (devices["ssl"]["enable"], devices["ssl"]["verify"]) == ("true", "verify_peer")


def test_a_device_is_its_login_and_an_ingester_may_choose() -> None:
    assert CONF["mqtt"]["use_username_as_clientid"] == "true"
    assert CONF["zones"]["services"]["mqtt"]["use_username_as_clientid"] == "false"
    assert CONF["listeners"]["ssl"]["default"]["zone"] == "default"
    assert CONF["listeners"]["tcp"]["services"]["zone"] == "services"
    assert [
        kind for kind in ("tcp", "ws", "wss") if CONF["listeners"][kind]["default"]["enable"] != "false"
    ] == []


def test_windows_and_times_fit_the_ingester() -> None:
    services = CONF["zones"]["services"]
    assert int(services["mqtt"]["max_inflight"]) >= IngestSettings().receive_maximum
    assert services["mqtt"]["session_expiry_interval"] == f"{WEEK_S // 86_400}d"
    assert services["durable_sessions"]["enable"] == "true"
    kilobytes = int(CONF["mqtt"]["max_packet_size"].removesuffix("KB"))
    assert 65_536 + 200 < kilobytes * 1024 <= 70_000


def test_three_nodes_hold_three_copies() -> None:
    assert len(CONF["cluster"]["static"]["seeds"]) == 3
    assert CONF["durable_storage"]["messages"]["replication_factor"] == "3"


def test_no_secret_is_in_it() -> None:
    text = (FOLDER / "emqx.conf").read_text(encoding="utf-8")
    assert not re.findall(r"^\s*(?:cookie|password)\s*=", text, re.MULTILINE)


@pytest.mark.parametrize("text", ["a {", "a = [1, 2", "a =", "a = }", "a = 1\na = 2", "}"])
def test_the_check_finds_what_is_malformed(text: str) -> None:
    with pytest.raises((ValueError, IndexError)):
        hocon.parse(text)
