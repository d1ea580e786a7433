"""The frog's record: bounds, order, means that belong to their samples, power cuts at any byte."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.air import vapour_pa
from devices.page.ring import BATCH, CLOCK_SET_S, Ring
from devices.page.samples import HOUR_S, SLOT_S, Hour, Note, Sample

START_S = 1_767_225_600  # an hour's beginning
SLOTS, HOURS = 36, 10
FOREVER = (0, 2**40)

values = st.builds(
    lambda t, h, w: (round(t, 2), round(h, 1), w),
    st.floats(-30.0, 60.0),
    st.floats(0.0, 100.0),
    st.none() | st.floats(-30.0, 60.0).map(lambda w: round(w, 2)),
)
times = st.integers(-5, 150).flatmap(lambda slot: st.integers(0, SLOT_S - 1).map(lambda s: slot * SLOT_S + s))
samples = st.builds(lambda at, boot, v: Sample(START_S + at, boot, *v), times, st.integers(1, 3), values)
steps = st.one_of(
    samples,
    st.tuples(st.just("shift"), st.integers(1, 3), st.integers(-20_000, 20_000)),
    st.tuples(st.just("flush")),
    st.tuples(st.just("true"), st.integers(0, 150 * SLOT_S)),
    st.tuples(st.just("open again")),
)


@contextmanager
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


def make(path: Path, batch: int = 6) -> Ring:
    ring = Ring(path / "frog.db", slots=SLOTS, hours=HOURS, batch=batch)
    ring._db.execute("pragma synchronous = off")  # no test takes the disk's power away
    return ring


def stored(path: Path) -> tuple[list[Sample], list[Hour], int]:
    """Return what is in the file: samples, hours, and before when samples were dropped."""
    with closing(sqlite3.connect(path / "frog.db")) as db:
        assert db.execute("pragma integrity_check").fetchone() == ("ok",)
        rows = db.execute("select at_s, boot, temperature_c, humidity_pct, wall_c from fine order by slot")
        hours = db.execute("select * from hour order by at_s")
        pruned = db.execute("select coalesce(max(value), 0) from meta").fetchone()[0]
        return [Sample(*r) for r in rows], [Hour(*h) for h in hours], pruned


def hour_of(at_s: int, within: Sequence[Sample]) -> Hour:
    t, h = [s.temperature_c for s in within], [s.humidity_pct for s in within]
    walls = [s.wall_c for s in within if s.wall_c is not None]
    e = [vapour_pa(s.temperature_c, s.humidity_pct) for s in within]
    n = len(within)
    wall = (sum(walls) / len(walls), min(walls)) if walls else (None, None)
    return Hour(at_s, n, sum(t) / n, min(t), max(t), sum(h) / n, min(h), max(h), sum(e) / n, *wall)


def assert_whole(path: Path) -> None:
    """Bounds hold, and the means of each hour that was not pruned are those of its samples."""
    fine, hours, pruned_s = stored(path)
    assert len(fine) <= SLOTS + HOUR_S // SLOT_S
    assert len(hours) <= HOURS
    assert len({s.at_s // SLOT_S for s in fine}) == len(fine)
    assert [h.at_s for h in hours] == sorted({h.at_s for h in hours})
    by_hour: dict[int, list[Sample]] = {}
    for s in fine:
        by_hour.setdefault(s.at_s // HOUR_S * HOUR_S, []).append(s)
    newest = sorted(by_hour)[-HOURS:]
    kept = {h.at_s: h for h in hours}
    for at_s in newest:
        if at_s >= pruned_s and at_s >= hours[0].at_s:
            got, wanted = kept[at_s], hour_of(at_s, by_hour[at_s])
            assert got.samples == wanted.samples
            for name in Hour.__slots__:
                assert getattr(got, name) == pytest.approx(getattr(wanted, name), abs=1e-9), name


@given(st.lists(steps, max_size=80))
@settings(max_examples=40, deadline=None)
def test_whatever_happens_it_is_bounded_ordered_and_whole(script: list[object]) -> None:
    with folder() as path:
        ring = make(path)
        for step in script:
            match step:
                case Sample():
                    ring.add(step)
                case ("shift", int(boot), int(seconds)):
                    ring.shift(boot, seconds)
                case ("flush",):
                    ring.flush()
                case ("true", int(after_s)):
                    ring.flush(START_S + after_s)
                case _:
                    ring.close()
                    ring = make(path)
        seen = ring.reader().samples(*FOREVER)
        assert [s.at_s for s in seen] == sorted({s.at_s for s in seen})
        ring.close()
        assert_whole(path)


@given(st.lists(samples, min_size=1, max_size=60))
@settings(max_examples=20, deadline=None)
def test_what_is_read_does_not_depend_on_what_is_written_yet(given_samples: list[Sample]) -> None:
    with folder() as a, folder() as b:
        at_once, late = make(a, batch=1), make(b, batch=1000)
        for s in sorted(given_samples, key=lambda s: s.at_s):
            at_once.add(s)
            late.add(s)
        newest = {s.at_s for s in at_once.reader().samples(*FOREVER)}
        seen = [s for s in late.reader().samples(*FOREVER) if s.at_s in newest]
        assert seen == at_once.reader().samples(*FOREVER)
        at_once.close()
        late.close()


@given(st.lists(samples, min_size=6, max_size=40), st.data())
@settings(max_examples=40, deadline=None)
def test_power_cut_at_any_byte_of_what_is_written(given_samples: list[Sample], data: st.DataObject) -> None:
    """The file as it was after each whole write, or after none of it: never half of one."""
    with folder() as path, folder() as cut:
        ring = make(path, batch=3)
        states = [stored(path)]
        for s in given_samples:
            ring.add(s)
            if not ring.pending:  # else nothing of it is on the card yet, and the state must be the last one
                states.append(stored(path))
        log = (path / "frog.db-wal").read_bytes()
        length = data.draw(st.integers(0, len(log)))
        shutil.copy(path / "frog.db", cut / "frog.db")
        (cut / "frog.db-wal").write_bytes(log[:length])
        again = make(cut)
        assert stored(cut) in [([], [], 0), *states]
        again.add(given_samples[-1])
        again.close()
        assert_whole(cut)
        ring.close()


@given(st.lists(samples, min_size=4, max_size=20), st.integers(0, 400))
@settings(max_examples=40, deadline=None)
def test_a_write_that_breaks_off_changes_nothing_and_is_made_again(
    given_samples: list[Sample], after: int
) -> None:
    """The database is made to give up after so many of its own steps, between any two statements."""
    with folder() as path:
        ring = make(path, batch=1000)
        for s in given_samples[:2]:
            ring.add(s)
        ring.flush()
        before = stored(path)
        for s in given_samples[2:]:
            ring.add(s)
        calls = 0

        def give_up() -> int:
            nonlocal calls
            calls += 1
            return int(calls > after)

        ring._db.set_progress_handler(give_up, 1)
        try:
            ring.flush()
        except sqlite3.Error:
            ring._db.set_progress_handler(None, 1)
            assert stored(path) == before
            assert len(ring.pending) == len(given_samples) - 2
        ring._db.set_progress_handler(None, 1)
        ring.close()
        assert_whole(path)
        assert {s.at_s for s in given_samples} >= {s.at_s for s in stored(path)[0]} != set()


def test_a_clock_that_was_never_set_waits_in_memory_and_is_mended() -> None:
    with folder() as path:
        ring = make(path, batch=2)
        for i in range(5):
            ring.add(Sample(1000 + i * SLOT_S, 7, 20.0, 50.0))
        assert stored(path)[0] == []
        ring.shift(7, START_S - 1000)
        ring.add(Sample(START_S + 5 * SLOT_S, 7, 20.0, 50.0))
        ring.close()
        assert [s.at_s for s in stored(path)[0]] == [START_S + i * SLOT_S for i in range(6)]
        assert CLOCK_SET_S < START_S


def test_what_a_wrong_clock_put_into_the_future_goes_and_the_rest_stays() -> None:
    with folder() as path:
        ring = make(path, batch=1)
        ring.add(Sample(START_S, 1, 20.0, 50.0))
        ring.add(Sample(START_S + 4_000_000_00, 1, 21.0, 50.0))
        ring.add(Sample(START_S + SLOT_S, 2, 22.0, 50.0), true_s=START_S + SLOT_S)
        ring.close()
        fine, hours, _ = stored(path)
        assert [s.temperature_c for s in fine] == [20.0, 22.0]
        assert [h.at_s for h in hours] == [START_S]


def test_notes_are_kept_once_and_bounded() -> None:
    with folder() as path:
        ring = make(path)
        for _ in range(2):
            ring.note(Note(1, 5, START_S, "shower", "button"))
        ring.note(Note(1, 9, START_S + 60, "cooking", "page"))
        assert [n.activity for n in ring.reader().notes(*FOREVER)] == ["cooking", "shower"]
        rows = [(seq, START_S + seq) for seq in range(10, 2_100)]
        ring._db.execute("begin")
        ring._db.executemany("insert into note values (1, ?, ?, 'other', 'page')", rows)
        ring._db.execute("commit")
        ring.note(Note(1, 2_100, START_S, "window", "page"))
        assert len(ring.reader().notes(*FOREVER)) == 2_000
        ring.close()


def test_bytes_written_a_day_and_kept_for_ever() -> None:
    """A card's life: what the record writes is far below what the outbox writes for the same day."""
    with folder() as path:
        ring = Ring(path / "frog.db", batch=48)  # the days before the one that is weighed are only there
        ring._db.execute("pragma synchronous = off")
        log = path / "frog.db-wal"
        for i in range(40 * 288):
            if i == 39 * 288:
                # One day's writing stays in the log and can be weighed; else it begins anew now and then.
                ring._db.execute("pragma wal_checkpoint(truncate)")
                ring._db.execute("pragma wal_autocheckpoint = 0")
                ring._batch = BATCH
            ring.add(Sample(START_S + i * SLOT_S, 1, 19.87, 61.2, 14.31))
        assert 100_000 < log.stat().st_size < 1_000_000
        assert len(ring.reader().samples(*FOREVER)) <= 35 * 288 + 12
        ring.close()
        assert (path / "frog.db").stat().st_size < 2_000_000
