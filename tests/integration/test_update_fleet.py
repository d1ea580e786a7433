"""Thirty devices, a third of them with faults, are updated over a real broker: none is bricked, and it halts where it must."""

from __future__ import annotations

from pathlib import Path

from bench.ota import Release, Run, make_release, roll_out, scratch
from firmware_sim.lab.update_faults import FAULTS, HEALS, draw

DEVICES = 30
SHARE = 0.3


def rolled(release: Release, folder: Path, stages: str, halt_at: float) -> Run:
    run = roll_out(release, folder, DEVICES, SHARE, stages, halt_at, seed=3, most_s=100.0)
    assert run.ending.bricked == []
    # Each ends on a version that proved itself, and the server has readings of the program that runs now.
    assert run.ending.measuring == DEVICES
    assert sum(run.ending.running.values()) == DEVICES
    return run


def test_all_that_can_end_on_the_new_version_and_none_is_bricked() -> None:
    with scratch() as folder:
        run = rolled(make_release(), folder, "3,100%", 0.9)
    assert run.state == "finished"
    assert run.offered == DEVICES
    healthy = run.faults["none"] + sum(run.faults.get(fault, 0) for fault in HEALS - {"none"})
    assert run.ending.running[2] == healthy
    assert run.failed == DEVICES - healthy
    assert set(run.faults) == {"none", *FAULTS}
    why = {
        "crash_at_start": "starts",
        "hangs": "starts",
        "no_sensor": "sensors",
        "no_network": "connection",
        "wrong_signature": "signature",
        "full_disk": "space",
    }
    for fault, code in why.items():
        assert run.ending.outcomes[f"{fault}: {code}"] == run.faults[fault]
    for fault in HEALS:
        assert run.ending.outcomes[f"{fault}: confirmed"] == run.faults[fault]
    assert run.ending.cuts >= 1


def test_it_halts_and_who_was_not_offered_it_stays_as_it_was() -> None:
    with scratch() as folder:
        run = rolled(make_release(), folder, "50%,100%", 0.02)
    assert run.state == "halted"
    assert run.stage == 1
    assert run.failed >= 2
    assert run.ending.running[1] >= DEVICES // 2


def test_faults_are_drawn_as_asked() -> None:
    faults = draw([f"d{n}" for n in range(200)], 0.1, __import__("random").Random(1))
    assert sum(fault != "none" for fault in faults.values()) == 20
    assert {fault for fault in faults.values() if fault != "none"} == set(FAULTS)
