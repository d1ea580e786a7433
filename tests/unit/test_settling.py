"""A new version is on trial until it has come to rest, and is taken back where it does not."""

from __future__ import annotations

from devices.agent.settling import (
    MOST_ENDS,
    MOST_STARTS,
    Failure,
    Memory,
    Slot,
    heard,
    passed,
    refused,
    settled,
    started,
)


def _heard(m: Memory, version: int, *, must_confirm: bool = False, confirmed: bool = False, **settings):
    return heard(m, Slot(version, settings), must_confirm=must_confirm, within_s=600, confirmed=confirmed)


GOOD = Memory(good=Slot(3, {"cadence_s": 300}))


def test_what_cannot_cut_it_off_must_only_live():
    step = _heard(GOOD, 4, cadence_s=60)
    assert step.apply
    assert step.memory.in_force.version == 4
    assert step.memory.good.version == 3
    assert passed(step.memory, 29.0, confirmed=False) is None
    done = passed(step.memory, 30.0, confirmed=False)
    assert done is not None
    assert (done.memory.good.version, done.memory.trial, done.apply) == (4, None, False)
    assert done.memory.before == GOOD.good


def test_what_could_cut_it_off_is_taken_back_unless_confirmed():
    step = _heard(GOOD, 4, must_confirm=True, cadence_s=60)
    assert passed(step.memory, 599.0, confirmed=False) is None
    back = passed(step.memory, 600.0, confirmed=False)
    assert back is not None
    assert back.apply
    assert back.memory.in_force == GOOD.good
    assert back.memory.failed == Failure(4, "rolled_back", ("not confirmed within 600 s",))
    by_receipt = passed(step.memory, 1.0, confirmed=True)
    assert by_receipt is not None
    assert by_receipt.memory.good.version == 4
    by_word = _heard(step.memory, 4, must_confirm=True, confirmed=True, cadence_s=60)
    assert by_word.memory.good.version == 4


def test_what_was_taken_back_is_not_tried_again():
    trial = _heard(GOOD, 4, must_confirm=True, cadence_s=60).memory
    back = passed(trial, 600.0, confirmed=False)
    assert back is not None
    again = _heard(back.memory, 4, must_confirm=True, cadence_s=60)
    assert (again.memory, again.apply) == (back.memory, False)
    assert _heard(back.memory, 5, cadence_s=120).apply


def test_what_was_refused_may_be_allowed_by_a_newer_firmware():
    no = refused(GOOD, 4, ("log.level loud",)).memory
    assert no.failed == Failure(4, "refused", ("log.level loud",))
    assert no.in_force == GOOD.good
    assert _heard(no, 4, cadence_s=60).apply


def test_older_and_contradicting_versions_change_nothing():
    older = _heard(GOOD, 2, cadence_s=60)
    assert older.memory == GOOD
    assert older.notice is not None
    assert older.notice.reasons == ("version 2 is older than 3, which is held: ignored",)
    other = _heard(GOOD, 3, cadence_s=60)
    assert other.memory == GOOD
    assert other.notice is not None
    assert "other settings" in other.notice.reasons[0]
    assert refused(GOOD, 2, ("x",)).memory == GOOD


def test_a_newer_firmware_takes_what_the_older_did_not_know():
    held = Memory(good=Slot(3, {"cadence_s": 300}, ("siren.loud",)))
    step = heard(
        held,
        Slot(3, {"cadence_s": 300, "siren.loud": True}),
        must_confirm=False,
        within_s=600,
        confirmed=False,
    )
    assert step.apply
    assert step.memory.in_force.settings["siren.loud"] is True


def test_a_version_that_does_not_start_is_taken_back():
    m = _heard(GOOD, 4, cadence_s=60).memory
    for start in range(MOST_STARTS):
        step = started(m, 100.0 + start)
        m = step.memory
        assert m.in_force.version == 4, "three starts are tried"
    step = started(m, 200.0)
    assert step.memory.in_force == GOOD.good
    assert step.memory.failed is not None
    assert step.memory.failed.state == "rolled_back"
    assert "started 3 times" in step.memory.failed.reasons[0]


def test_power_cuts_do_not_count_against_what_was_good():
    """A household that unplugs its frog six times a minute: the machine starts anew each time."""
    m = GOOD
    for _ in range(20):
        m = started(m, 12.0).memory
        m = started(m, 5.0).memory  # the machine has been on for less: it was off
    assert m.in_force == GOOD.good


def test_a_good_version_that_keeps_ending_the_program_is_left_for_the_one_before():
    m = Memory(good=Slot(4, {"x": 1}), before=Slot(3, {}))
    for n in range(MOST_ENDS):
        m = started(m, 100.0 + n).memory
    assert m.in_force.version == 4
    step = started(m, 300.0)
    assert step.memory.in_force.version == 3
    assert step.memory.failed is not None
    assert step.memory.failed.version == 4
    m = step.memory
    for n in range(MOST_ENDS + 1):
        m = started(m, 400.0 + n).memory
    assert m.in_force == Slot(), "and then as it was installed"


def test_rest_ends_the_count():
    m = started(GOOD, 100.0).memory
    assert m.starts == 1
    rest = passed(m, 31.0, confirmed=False)
    assert rest is not None
    assert rest.memory.starts == 0
    assert passed(rest.memory, 1000.0, confirmed=False) is None, "nothing more to write"
    assert settled(Memory()).memory == Memory()
