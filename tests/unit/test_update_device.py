"""A device and one bundle: taken, refused, interrupted, judged."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import msgspec
import pytest

from devices.agent.config import AgentConfig, BrokerSection, DeviceSection
from devices.agent.sensor_sections import Sht4xSection
from devices.agent.service import DeviceService
from devices.agent.update.durable import Places, load
from devices.agent.update.files import RealFiles
from devices.agent.update.join import make_updates
from devices.agent.update.section import UpdateSection
from devices.launcher import launch
from tests.fakes.update_bench import Council, Table, offer_of

COUNCIL = Council()


@pytest.fixture
def table(tmp_path: Path) -> Table:
    return Table(tmp_path, COUNCIL)


def launched(table: Table) -> str:
    slot, _ = launch.prepare(table.root / "update")
    table.start(slot)
    return slot


def proven(table: Table) -> None:
    """What a healthy new version does."""
    table.part.measured((9, 0), table.moment, {"temperature_c": 20.1, "humidity_pct": 50.0})
    table.part.receipted("frog-1", 9, [(0, 0)])
    table.turn()


def test_a_bundle_is_fetched_staged_tried_and_proves_itself(table: Table) -> None:
    body, opened = COUNCIL.bundle(2)
    table.start()
    table.hear(offer_of(opened))
    table.turns(body)
    assert table.part.restart_wanted
    assert table.part.state.phase == "switching"
    assert launched(table) == "a"
    state = table.part.state
    assert (state.phase, state.trial and state.trial.starts) == ("trying", 1)
    assert (table.root / "update/slots/a/code/devices/agent/__main__.py").read_text() == "print(2)"
    proven(table)
    state = load(RealFiles(), Places(table.root / "update"))
    assert (state.phase, state.current, state.serial, state.floor) == ("idle", "a", 2, 2)
    assert state.last is not None
    assert state.last.result == "confirmed"
    assert not (table.root / "update/fetch").exists()
    assert table.voice.said[-1]["last"]["result"] == "confirmed"


def updated(table: Table, serial: int, **more: object) -> None:
    body, opened = COUNCIL.bundle(serial, **more)  # type: ignore[arg-type]
    table.hear(offer_of(opened))
    table.turns(body)
    assert table.part.restart_wanted, table.part.state.last
    launched(table)
    proven(table)
    assert table.part.state.serial == serial


def test_the_next_one_goes_to_the_other_slot_and_a_bad_one_leaves_the_old(table: Table) -> None:
    table.start()
    updated(table, 2)
    updated(table, 3)
    assert table.part.state.current == "b"
    body, opened = COUNCIL.bundle(4)
    table.hear(offer_of(opened))
    table.turns(body)
    assert [launched(table) for _ in range(4)] == ["a", "a", "a", "b"]
    state = table.part.state
    assert (state.serial, state.floor, state.phase) == (3, 3, "idle")
    assert state.last is not None
    assert (state.last.result, state.last.code) == ("rolled_back", "starts")
    # What failed is not tried again until the server says so by another attempt.
    table.hear(offer_of(opened))
    assert table.part.state.phase == "idle"
    table.hear(offer_of(opened, attempt=2))
    assert table.part.state.phase == "offered"


def test_readings_alone_are_not_enough(table: Table) -> None:
    body, opened = COUNCIL.bundle(2)
    table.start()
    table.hear(offer_of(opened))
    table.turns(body)
    launched(table)
    table.part.measured((9, 0), table.moment, {"temperature_c": 20.1})
    table.part.receipted("frog-1", 8, [(0, 5)])  # of another boot
    table.turn(seconds=899)
    assert table.part.on_trial
    table.turn()
    table.turn()
    assert table.part.restart_wanted
    assert table.part.state.last is not None
    assert table.part.state.last.code == "receipt"
    assert launched(table) == "factory"


@pytest.mark.parametrize(("online", "code"), [(True, "sensors"), (False, "connection")])
def test_why_it_goes_back(table: Table, online: bool, code: str) -> None:
    body, opened = COUNCIL.bundle(2)
    table.start()
    table.hear(offer_of(opened))
    table.turns(body)
    launched(table)
    table.part._gate._had.clear()  # type: ignore[union-attr]
    table.voice.connected = online
    if not online:
        table.part.measured((9, 0), table.moment, {"temperature_c": 20.1})
    table.turn(seconds=901)
    table.turn()
    assert table.part.state.last is not None
    assert table.part.state.last.code == code


def test_it_resumes_where_it_was_after_a_restart(table: Table) -> None:
    body, opened = COUNCIL.bundle(2)
    table.start()
    table.hear(offer_of(opened))
    table.turn(body)
    table.turn(body)
    held = table.part.state.held
    assert 0 < held < len(body)
    table.start()
    table.turn()
    assert [a["from"] for a in table.voice.said if a["ask"] == "chunk"][-1] == held
    table.now_s += 60
    table.turns(body)
    assert table.part.restart_wanted


def test_pieces_out_of_order_damaged_or_of_another_bundle_are_passed_over(table: Table) -> None:
    from devices.contract.update.messages import PIECE_BYTES, piece

    body, opened = COUNCIL.bundle(2)
    table.start()
    table.hear(offer_of(opened))
    table.turn()
    table.turn()
    bundle = opened.bundle_id
    for frame in (
        piece(bundle, PIECE_BYTES, body[PIECE_BYTES : 2 * PIECE_BYTES]),
        piece("0" * 64, 0, body[:PIECE_BYTES]),
        piece(bundle, 0, body[:PIECE_BYTES])[:-1] + b"\x00",
        b"\xc1",
        b"{",
        b"\xff\xfe",
        b"",
    ):
        table.part.heard("firmware", frame, table.voice)
    assert table.part.state.held == 0
    table.now_s += 60
    table.turns(body)
    assert table.part.restart_wanted


def refused(table: Table, body: bytes, offer: object) -> str:
    table.hear(offer)  # type: ignore[arg-type]
    table.turns(body)
    last = table.part.state.last
    assert last is not None
    assert (last.result, table.part.state.phase, table.part.restart_wanted) == ("refused", "idle", False)
    assert not list((table.root / "update").glob("slots/*/manifest.json"))
    return last.code


def test_what_is_refused(table: Table) -> None:
    stranger = Council()
    table.start()
    body, opened = stranger.bundle(2)
    assert refused(table, body, offer_of(opened)) == "signature"
    for more, code in (
        ({"kinds": ["road"]}, "kind"),
        ({"machine": "armv6l"}, "machine"),
        ({"python": "3.99"}, "machine"),
        ({"min_serial": 5}, "needs"),
        ({"expires_at": 1_790_000_001}, "expired"),
    ):
        body, opened = COUNCIL.bundle(2, **more)
        assert refused(table, body, offer_of(opened)) == code


def test_a_changed_byte_anywhere_is_noticed(tmp_path: Path) -> None:
    body, opened = COUNCIL.bundle(2)
    manifest_at = body.index(b"print(2)") if b"print(2)" in body else len(body) // 2
    for at in (20, 60, manifest_at, len(body) - 30):
        table = Table(tmp_path / str(at), COUNCIL)
        table.start()
        changed = body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :]
        assert refused(table, changed, offer_of(opened)) == "damaged"
        # An attacker who can change the offer, too, meets the signature or the hashes.
        from hashlib import sha256

        forged = dataclasses.replace(opened, bundle_id=sha256(changed).hexdigest())
        assert refused(table, changed, offer_of(forged)) in ("form", "signature", "damaged")


def test_an_old_bundle_does_not_come_back_unless_the_running_one_allows_it(table: Table) -> None:
    table.start()
    updated(table, 2)
    updated(table, 3)
    body, opened = COUNCIL.bundle(2)
    table.hear(offer_of(opened))
    assert table.part.state.last is not None
    assert table.part.state.last.code == "older"
    # A server that lies about the serial meets the signed one.
    lying = msgspec.structs.replace(offer_of(opened, attempt=2), serial=9)
    table.hear(lying)
    table.turns(body)
    assert table.part.state.last.code == "older"
    updated(table, 4, rollback_to=[2])
    table.hear(offer_of(opened, attempt=3))
    table.turns(body)
    assert table.part.restart_wanted


def test_a_full_card_is_said_before_anything_is_fetched(table: Table) -> None:
    class Full(RealFiles):
        def free_bytes(self, path: Path) -> int:
            return 1000

    table.files = Full()
    table.start()
    body, opened = COUNCIL.bundle(2)
    assert refused(table, body, offer_of(opened)) == "space"
    assert not any(said["ask"] == "chunk" for said in table.voice.said)


def test_a_withdrawn_offer_is_left(table: Table) -> None:
    body, opened = COUNCIL.bundle(2)
    table.start()
    table.hear(offer_of(opened))
    table.turn(body)
    table.turn(body)
    assert table.part.state.phase == "fetching"
    table.hear(withdraw=opened.bundle_id)
    assert table.part.state.phase == "idle"
    assert table.part.state.last is None


def test_only_what_changed_is_sent_against_the_version_that_runs(table: Table) -> None:
    table.start()
    common = {"site/big.bin": bytes(range(256)) * 2000}
    _, first = COUNCIL.bundle(2, {"code/a.py": b"1", **common})
    whole, _ = COUNCIL.bundle(2, {"code/a.py": b"1", **common})
    table.hear(offer_of(first))
    table.turns(whole)
    launched(table)
    proven(table)
    body, second = COUNCIL.bundle(3, {"code/a.py": b"2", **common}, against=first.manifest)
    assert [f.held for f in second.manifest.files] == [False, True]
    table.hear(offer_of(second))
    table.turns(body)
    assert table.part.restart_wanted
    assert launched(table) == "b"
    slot = table.root / "update/slots/b"
    assert (slot / "code/a.py").read_bytes() == b"2"
    assert (slot / "site/big.bin").read_bytes() == common["site/big.bin"]


def test_a_lost_release_key_is_replaced_by_the_root(table: Table) -> None:
    thief, fresh = Council(), Council()
    table.start()
    # The thief has the release key: until the root acts, devices believe it.
    second = COUNCIL.keys(2, release=fresh.release)
    body, opened = COUNCIL.bundle(2, key=fresh.release, keys=second)
    table.hear(offer_of(opened))
    table.turns(body)
    launched(table)
    proven(table)
    body, opened = COUNCIL.bundle(3)  # signed with the lost key
    table.hear(offer_of(opened))
    table.turns(body)
    assert table.part.state.last is not None
    assert table.part.state.last.code == "signature"
    # Nor does the old list come back, nor one that the thief's own root signed.
    for keys in (COUNCIL.keys(1), thief.keys(9, release=COUNCIL.release)):
        body, opened = COUNCIL.bundle(4, keys=keys)
        table.hear(offer_of(opened))
        table.turns(body)
        assert table.part.state.last.code == "signature"
        assert table.part.state.serial == 2


def test_a_person_takes_it_back(table: Table, capsys: pytest.CaptureFixture[str]) -> None:
    from devices.agent.__main__ import main

    table.start()
    updated(table, 2)
    updated(table, 3)
    words = ["update", "--root", str(table.root / "update")]
    assert main([*words, "status"]) == 0
    assert "runs: slot b, version 1.3, serial 3" in capsys.readouterr().out
    assert main([*words, "rollback"]) == 0
    assert launched(table) == "a"
    assert table.part.state.serial == 2
    # The floor stays: the older one may run, but an old bundle is not taken over the air.
    assert json.loads((table.root / "update/state.json").read_text())["floor"] == 3


def test_it_waits_for_its_window(tmp_path: Path) -> None:
    table = Table(tmp_path, COUNCIL, window="01:00-05:00")
    body, opened = COUNCIL.bundle(2)
    table.start()
    table.hear(offer_of(opened))
    for _ in range(50):
        table.turn(body)
    hour = table.moment.wall_ms // 3_600_000 % 24
    assert not 1 <= hour < 5
    assert table.part.state.phase == "staged"
    table.now_s += (25 - hour) * 3600
    table.turn()
    assert table.part.restart_wanted


def test_a_message_that_is_nested_too_deep_ends_nothing(table: Table) -> None:
    table.start()
    table.part.heard("firmware", b'{"more": ' + b"[" * 200_000 + b"]" * 200_000 + b"}", table.voice)
    assert table.part.state.phase == "idle"


def test_a_staged_version_waits_for_a_connection_to_prove_itself_on(table: Table) -> None:
    body, opened = COUNCIL.bundle(2)
    table.start()
    table.hear(offer_of(opened))
    while table.part.state.phase != "staged":
        table.turns(body, 1)
    table.voice.connected = False
    table.turn(seconds=3600)
    assert table.part.state.phase == "staged"
    table.voice.connected = True
    table.turn()
    assert table.part.restart_wanted


def test_a_card_that_spoiled_state_and_manifest_leaves_an_agent_that_measures(table: Table) -> None:
    table.start()
    updated(table, 2)
    (table.root / "update/state.json").write_bytes(b"\0" * 100)
    (table.root / "update/slots/a/manifest.json").write_bytes(b"\0" * 100)
    assert launched(table) == "a"
    assert (table.part.state.current, table.part.state.spare, table.part.state.serial) == ("a", "b", 0)


def test_a_trial_is_as_long_as_the_cadence_that_is_in_force_needs() -> None:
    cadence_s = [300.0]
    launched_as = {"CITYOPS_SLOT": "a", "CITYOPS_UPDATE_ROOT": "/nonexistent"}
    part = make_updates(UpdateSection(), "frog", lambda: cadence_s[0], launched_as, print)
    assert part is not None
    assert part._settings.within_s == 900.0
    cadence_s[0] = 3600.0
    assert part._settings.within_s == 9000.0


def test_a_device_says_the_version_that_it_runs(
    tmp_path: Path, table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    table.start()
    updated(table, 2)
    monkeypatch.setenv("CITYOPS_SLOT", "a")
    monkeypatch.setenv("CITYOPS_UPDATE_ROOT", str(table.root / "update"))
    config = AgentConfig(
        device=DeviceSection(name="frog-1", kind="frog", data_dir=str(tmp_path)),
        broker=BrokerSection(host="127.0.0.1", port=1),
        sensors=(Sht4xSection(),),
        update=UpdateSection(),
    )
    service = DeviceService(config, [])
    assert service.agent.status().firmware == "1.2"
    assert service.settings.reported().firmware == "1.2"
    service.run(lambda: True)


def test_the_loop_sleeps_while_an_update_only_waits(table: Table) -> None:
    body, opened = COUNCIL.bundle(2)
    table.section = UpdateSection(keys_file=str(table.keys_file), start_within_s=0, window="00:00-00:00")
    table.start()
    table.hear(offer_of(opened))
    assert table.part.every_s >= 30.0, "its time to begin is yet to come"
    table.turn()
    assert (table.part.state.phase, table.part.every_s) == ("fetching", 1.0)
    table.voice.connected = False
    table.turn()
    assert table.part.every_s >= 30.0, "no network"
    table.voice.connected = True
    table.part.connected(table.voice)
    table.turns(body, 60)
    assert table.part.state.phase == "staged"
    assert table.part.every_s >= 30.0, "the hour at which it may begin"


def test_a_card_that_answers_with_an_error_leaves_the_launcher_something_to_start(table: Table) -> None:
    (table.root / "update/slots").mkdir(parents=True)
    unreadable = "x" * 300  # File name too long: an OSError that is none of "not there"
    (table.root / "update/state.json").write_text(json.dumps({"current": unreadable, "trial": None}))
    assert launch.prepare(table.root / "update") == ("factory", None)
