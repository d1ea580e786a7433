"""The broker's logins, by every way there is, in one suite: on real Mosquittos, and in memory."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from cityops.errors import TransientError
from ops_api.provisioning.brokers.dynamic_security import DynamicSecurity
from ops_api.provisioning.brokers.memory import MemoryAccess
from ops_api.provisioning.brokers.password_file import (
    PasswordFile,
    RevocationFile,
    reload_by_pid,
)
from ops_api.provisioning.brokers.service_login import ServiceLogin, command, take_over
from ops_api.provisioning.ports import BrokerAccess, Login, Revoked, Wanted
from ops_api.provisioning.signing import DeviceAuthority
from tests.fakes.provisioned import Card, authority, pem_of, request_for, server_certificate
from tests.fakes.provisioned_broker import SERVICE, Place, Speaker, broker, hearing, until

WATCH = Path(__file__).parents[2] / "deploy/mosquitto/watch.sh"
AT_ONCE_S = 5.0
"""Within which a revocation holds, on a machine that is busy."""


@dataclass
class Bench:
    """A way of telling a broker, and what comes of it: whether somebody gets in, and whether they still are.

    ``away``: has the broker not answer, or answer again, once its files are changed; ``begun_anew``: the way, after a restart
    of the program that tells.
    """

    access: BrokerAccess
    enters: Callable[[str, str], bool]
    live: Callable[[str], bool]
    away: Callable[[bool], None]
    begun_anew: Callable[[], BrokerAccess]


class Wire:
    """Reloads and ends of sessions on their way to a broker; some fail while asked to."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.is_away = False
        self.not_ended: set[str] = set()

    def away(self, is_away: bool) -> None:
        self.is_away = is_away

    def reload(self) -> None:
        if self.is_away:
            raise TransientError("the broker is away: no reload")
        self.place.reload()

    def kick(self, device: str) -> None:
        if self.is_away or device in self.not_ended:
            raise TransientError(f"the broker is away: {device} is not ended")
        take_over(self.place.login, device)


@pytest.fixture(params=["memory", "password file", "dynamic security"])
def bench(request: pytest.FixtureRequest, server_dir: Path) -> Iterator[Bench]:
    if request.param == "memory":
        memory = MemoryAccess({"devices": SERVICE.verifier})

        def away(is_away: bool) -> None:
            memory.away = is_away

        yield Bench(memory, memory.enters, lambda name: name in memory.live, away, lambda: memory)
        return
    dynamic = request.param == "dynamic security"
    name = f"broker-access-{len(list(server_dir.iterdir()))}"
    with broker(server_dir, name, dynamic=dynamic) as place, ExitStack() as stack:
        wire = Wire(place)
        speakers: dict[str, Speaker] = {}

        def enters(device: str, password: str) -> bool:
            if device in speakers:
                speakers[device].close()
            speakers[device] = made = Speaker(place.devices, device, password)
            stack.callback(made.close)
            until(lambda: bool(made.codes))
            return made.connected

        def live(device: str) -> bool:
            time.sleep(0.3)
            return speakers[device].connected

        def begun_anew() -> BrokerAccess:
            file = PasswordFile(place.passwords, wire.reload, wire.kick)
            return DynamicSecurity(file, place.login) if dynamic else file

        yield Bench(begun_anew(), enters, live, wire.away, begun_anew)


def tokens(**cards: Card) -> dict[str, Login]:
    return {name: Login("token", card.verifier) for name, card in cards.items()}


async def test_a_login_lets_its_device_in_and_nobody_else(bench: Bench) -> None:
    frog, road = Card(), Card()
    assert not bench.enters("frog", frog.password)
    changes = await bench.access.make_so(Wanted(tokens(frog=frog, road=road), frozenset()))
    assert (changes.added, [*changes.changed, *changes.removed]) == (["frog", "road"], [])
    assert bench.enters("frog", frog.password)
    assert not bench.enters("road", frog.password)
    assert not bench.enters("road", "")
    assert (await bench.access.known()).keys() >= {"devices", "frog", "road"}


async def test_twice_is_as_once_and_services_stay(bench: Bench) -> None:
    frog = Card()
    await bench.access.make_so(Wanted(tokens(frog=frog), frozenset()))
    before = await bench.access.known()
    assert not await bench.access.make_so(Wanted(tokens(frog=frog), frozenset()))
    assert await bench.access.known() == before
    assert not await bench.access.make_so(Wanted({}, frozenset()))  # nobody was spoken of
    assert await bench.access.known() == before


async def test_whoever_is_refused_is_out_at_once_and_the_others_stay(bench: Bench) -> None:
    frog, road = Card(), Card()
    await bench.access.make_so(Wanted(tokens(frog=frog, road=road), frozenset()))
    assert bench.enters("frog", frog.password)
    assert bench.enters("road", road.password)
    await bench.access.make_so(Wanted(tokens(road=road), frozenset({"frog"})))
    assert not bench.live("frog")
    assert bench.live("road")
    assert not bench.enters("frog", frog.password)
    assert not await bench.access.make_so(Wanted(tokens(road=road), frozenset({"frog"})))
    await bench.access.make_so(Wanted(tokens(frog=frog, road=road), frozenset()))  # released
    assert bench.enters("frog", frog.password)


@pytest.mark.parametrize("restarted", [False, True])
async def test_what_could_not_be_told_is_told_at_the_next_look(bench: Bench, restarted: bool) -> None:
    frog, road = Card(), Card()
    await bench.access.make_so(Wanted(tokens(frog=frog, road=road), frozenset()))
    assert bench.enters("frog", frog.password)
    assert bench.enters("road", road.password)
    wanted = Wanted(tokens(road=road), frozenset({"frog"}))
    bench.away(True)
    for _ in range(2):
        with pytest.raises(TransientError):
            await bench.access.make_so(wanted)
    bench.away(False)
    access = bench.begun_anew() if restarted else bench.access
    await access.make_so(wanted)
    assert not bench.live("frog")
    assert bench.live("road")
    assert not bench.enters("frog", frog.password)
    assert not await access.make_so(wanted)


async def test_a_new_password_takes_the_place_of_the_old(bench: Bench) -> None:
    frog, following = Card(), Card()
    await bench.access.make_so(Wanted(tokens(frog=frog), frozenset()))
    assert (await bench.access.make_so(Wanted(tokens(frog=following), frozenset()))).changed == ["frog"]
    assert not bench.enters("frog", frog.password)
    assert bench.enters("frog", following.password)


@pytest.mark.parametrize("dynamic", [False, True])
async def test_what_a_revoked_device_says_next_does_not_arrive(server_dir: Path, dynamic: bool) -> None:
    frog, road = Card(), Card()
    with broker(server_dir, f"revoked-{dynamic}", dynamic=dynamic) as place, hearing(place) as hearer:
        file = PasswordFile(place.passwords, place.reload)
        access: BrokerAccess = DynamicSecurity(file, place.login) if dynamic else file
        await access.make_so(Wanted(tokens(frog=frog, road=road), frozenset()))
        speakers = [
            Speaker(place.devices, "frog", frog.password),
            Speaker(place.devices, "road", road.password),
        ]
        try:
            until(lambda: all(s.connected for s in speakers))
            for speaker in speakers:
                speaker.say(b"before")
            until(lambda: hearer.heard.count(b"before") == 2)
            began_s = time.monotonic()
            await access.make_so(Wanted(tokens(road=road), frozenset({"frog"})))
            until(lambda: not speakers[0].connected, AT_ONCE_S)
            sys.stderr.write(f"revoked and out after {time.monotonic() - began_s:.3f} s\n")
            for speaker in speakers:
                speaker.say(b"after")
            until(lambda: speakers[0].refused, AT_ONCE_S)  # it tried again
            until(lambda: hearer.heard.count(b"after") == 1)
            time.sleep(0.5)
            assert hearer.heard.count(b"after") == 1
        finally:
            for speaker in speakers:
                speaker.close()


class Certified:
    """Devices with certificates, and their broker."""

    def __init__(self, place: Place, signer: DeviceAuthority, ca: Path, folder: Path) -> None:
        self.place, self.signer, self.ca, self.folder = place, signer, ca, folder
        self.wire = Wire(place)
        self.access = self.begun_anew()

    def begun_anew(self) -> PasswordFile:
        revocations = RevocationFile(self.place.revocations, self.signer)
        return PasswordFile(self.place.passwords, self.wire.reload, self.wire.kick, revocations)

    def device(self, name: str) -> tuple[Speaker, Login, str]:
        key = ec.generate_private_key(ec.SECP256R1())
        signed = self.signer.sign(request_for(key), name, datetime.now(UTC))
        own = self.folder / f"{name}.pem"
        own.write_bytes(pem_of(key) + signed.pem.encode())
        return (
            Speaker(self.place.certified, name, tls=(self.ca, own)),
            Login("x509", signed.mark),
            signed.serial,
        )


@pytest.fixture
async def certified(server_dir: Path, tmp_path: Path) -> AsyncIterator[Certified]:
    ca = authority(tmp_path)
    signer = DeviceAuthority(*ca)
    cert, key = server_certificate(tmp_path, ca)
    tls = {"ca.pem": ca[0], "server.pem": cert, "server.key": key}
    name = f"certified-{len(list(server_dir.iterdir()))}"
    with broker(server_dir, name, tls=tls, signer=signer) as place:
        yield Certified(place, signer, ca[0], tmp_path)


async def test_a_revoked_certificate_is_out_at_once_and_does_not_come_back(certified: Certified) -> None:
    (frog, frogs, serial), (road, roads, _) = certified.device("frog"), certified.device("road")
    try:
        with hearing(certified.place) as hearer:
            until(lambda: frog.connected and road.connected)
            frog.say(b"before")
            until(lambda: b"before" in hearer.heard)
            revoked = {serial: Revoked("frog", datetime.now(UTC))}
            wanted = Wanted({"road": roads}, frozenset({"frog"}), revoked)
            assert (await certified.access.make_so(wanted)).removed == ["frog"]
            until(lambda: not frog.connected, AT_ONCE_S)
            frog.say(b"after")
            road.say(b"others")
            until(lambda: b"others" in hearer.heard)
            time.sleep(2.5)  # it tries again every second
            assert not frog.connected
            assert b"after" not in hearer.heard
            assert road.connected
            assert not await certified.access.make_so(wanted)
            assert frogs.kind == "x509"
    finally:
        frog.close()
        road.close()


async def test_a_revoked_certificates_session_that_was_not_ended_is_ended_at_the_next_look(
    certified: Certified,
) -> None:
    """The list is as it should be by then; only what is owed tells that somebody is still live."""
    (ant, _, ants), (bee, _, bees) = certified.device("ant"), certified.device("bee")
    day = datetime.now(UTC)
    wanted = Wanted({}, frozenset({"ant", "bee"}), {ants: Revoked("ant", day), bees: Revoked("bee", day)})
    try:
        until(lambda: ant.connected and bee.connected)
        certified.wire.not_ended = {"ant"}
        with pytest.raises(TransientError, match="ant is not ended"):
            await certified.access.make_so(wanted)
        until(lambda: not bee.connected, AT_ONCE_S)  # one that fails keeps no other
        assert (ant.connected, bee.connected) == (True, False)
        certified.wire.not_ended = set()
        assert (await certified.begun_anew().make_so(wanted)).removed == ["ant"]
        until(lambda: not ant.connected, AT_ONCE_S)
        time.sleep(1.5)  # it tries again every second
        assert not ant.connected
        assert not await certified.access.make_so(wanted)
    finally:
        ant.close()
        bee.close()


def test_a_power_cut_between_what_is_owed_and_the_files_leaves_both_to_be_done(tmp_path: Path) -> None:
    """Cut at every byte of what is owed, and before and after the password file is replaced."""
    passwords, owed = tmp_path / "passwords", tmp_path / "passwords.lock"
    told: list[str] = []
    file = PasswordFile(passwords, lambda: told.append("reload"), told.append)
    wanted, before = Wanted({}, frozenset({"ant", "bee"})), "ant:x\nbee:x\n"
    lines = b"reload\nend ant\nend bee\n"
    for written in range(len(lines) + 1):
        passwords.write_text(before)
        owed.write_bytes(lines[:written])
        told.clear()
        asyncio.run(file.make_so(wanted))
        assert told == ["reload", "ant", "bee"], written
        assert owed.read_bytes() == b""
    owed.write_bytes(lines + b"reloaded\nended ant\n")  # and in the midst of telling
    told.clear()
    assert asyncio.run(file.make_so(wanted)).removed == ["bee"]
    assert told == ["bee"]


def test_the_list_of_revoked_certificates_is_written_anew_long_before_it_ends(tmp_path: Path) -> None:
    """OpenSSL refuses every device once the list is out of date, and in a year nobody may be revoked."""
    signer, day = DeviceAuthority(*authority(tmp_path)), datetime(2026, 1, 1, tzinfo=UTC)
    path, reloads, days = tmp_path / "revoked.pem", list[int](), [0]

    def now() -> datetime:
        return day + timedelta(days=days[0])

    (tmp_path / "passwords").write_text("")
    file = PasswordFile(
        tmp_path / "passwords", lambda: reloads.append(days[0]), None, RevocationFile(path, signer), now
    )
    for days[0] in (0, 1, 100, 184, 186, 187, 400):
        asyncio.run(file.make_so(Wanted({}, frozenset(), {"1f": Revoked("frog", day)})))
        listed = signer.listed(path.read_bytes())
        assert listed.serials == {"1f"}
        assert listed.good_until is not None
        assert listed.good_until - now() > timedelta(days=179)
    assert reloads == [0, 186, 400]


async def test_a_broker_that_is_away_is_told_in_words(tmp_path: Path) -> None:
    (tmp_path / "passwords").write_text("")
    pid = tmp_path / "broker.pid"
    file = PasswordFile(tmp_path / "passwords", reload_by_pid(pid))
    for content in (None, "x", "1"):  # 1 is no mosquitto
        if content is not None:
            pid.write_text(content)
        with pytest.raises(TransientError, match=r"mosquitto|can't be told"):
            await file.make_so(Wanted({f"frog-{content}": Login("token", Card().verifier)}, frozenset()))
    login = ServiceLogin(host="localhost", port=1, username="devices", password="x")
    with pytest.raises(TransientError, match="localhost:1"):
        take_over(login, "frog")


async def test_while_the_plugin_is_away_the_files_are_written_for_the_broker_that_starts_next(
    tmp_path: Path,
) -> None:
    """Without the list of revoked certificates it would not even start."""
    signer = DeviceAuthority(*authority(tmp_path))
    passwords, revoked = tmp_path / "passwords", tmp_path / "revoked.pem"
    file = PasswordFile(passwords, lambda: None, None, RevocationFile(revoked, signer))
    away = ServiceLogin(host="localhost", port=1, username="devices", password="x")
    out = {"1f": Revoked("frog-2", datetime.now(UTC))}
    wanted = Wanted({"frog-1": Login("token", Card().verifier)}, frozenset({"frog-2"}), out)
    with pytest.raises(TransientError, match="localhost:1"):
        await DynamicSecurity(file, away).make_so(wanted)
    assert set(await file.known()) == {"frog-1"}
    assert signer.listed(revoked.read_bytes()).serials == {"1f"}


async def test_without_the_plugin_dynamic_security_says_so(
    server_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ops_api.provisioning.brokers.service_login.WAIT_S", 0.5)
    with broker(server_dir, "no-plugin") as place:
        file = PasswordFile(place.passwords, place.reload)
        with pytest.raises(TransientError, match="plugin"):
            await DynamicSecurity(file, place.login).make_so(Wanted({}, frozenset({"frog"})))
        bad = ServiceLogin(host="localhost", port=place.services, username="devices", password="no")
        with pytest.raises(TransientError, match="refuses the login"):
            take_over(bad, "frog")


async def test_two_who_tell_the_plugin_at_once_do_not_fail_each_other(server_dir: Path) -> None:
    """A command's process and the keeper of logins: both saw that the client is not there."""
    with broker(server_dir, "two-at-once", dynamic=True) as place:
        for asked in ("createClient", "disableClient", "deleteClient"):
            for _ in range(2):
                command(place.login, [{"command": asked, "username": "frog"}])
        with pytest.raises(TransientError, match="disableClient: Client not found"):
            command(place.login, [{"command": "disableClient", "username": "frog"}])


def test_the_watcher_has_the_broker_read_a_list_of_revoked_certificates_too(tmp_path: Path) -> None:
    passwords, revoked, heard = tmp_path / "passwords", tmp_path / "revoked.pem", tmp_path / "heard"
    passwords.write_text("")
    broker = f"trap 'echo hup >> {heard}' HUP; echo running > {heard}; while :; do sleep 0.1; done"
    process = subprocess.Popen(
        ["sh", str(WATCH), "sh", "-c", broker],
        env={"PATH": os.environ["PATH"], "PASSWORDS": str(passwords), "REVOCATIONS": str(revoked)},
    )
    try:
        until(heard.exists)
        for file in (passwords, revoked):
            heard.write_text("")
            file.write_text("changed")
            until(lambda: "hup" in heard.read_text())
    finally:
        process.kill()
        process.wait()


def test_the_file_keeps_its_owner_and_mode(tmp_path: Path) -> None:
    from ops_api.provisioning.brokers.password_file import replace

    path = tmp_path / "passwords"
    path.write_text("x")
    path.chmod(0o640)
    replace(path, b"y")
    assert path.read_bytes() == b"y"
    assert path.stat().st_mode & 0o777 == 0o640
    assert [p.name for p in tmp_path.iterdir()] == ["passwords"]
