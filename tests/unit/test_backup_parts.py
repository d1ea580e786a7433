"""Names, retention, manifest and the other pure parts of back-ups."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cityops.embedded.postgres import wheel_binaries
from ops_api.backup.facts import differences
from ops_api.backup.loading import split
from ops_api.backup.manifest import FORMAT, Entry, Manifest, Role, damage, decode, encode, entries
from ops_api.backup.names import begun_at, name_at
from ops_api.backup.programs import find_programs
from ops_api.backup.retention import Keep, to_remove
from ops_api.backup.samples import Sample, samples_in
from ops_api.backup.session import environment
from ops_api.backup.text import listed, size

START = datetime(2025, 1, 1, 2, 30, tzinfo=UTC)


def manifest(**changed: object) -> Manifest:
    values: dict[str, object] = {
        "name": name_at(START), "cityops": "0.1", "started_at": START, "ended_at": START + timedelta(seconds=5),
        "server": "18.4", "timescaledb": None, "dump": "18.4", "schema": "0032_backup_run", "database": "cityops",
        "owner": "cityops", "database_bytes": 10, "wal_lsn": "0/1", "compression": "gzip:6", "sealed": False,
        "roles": (Role("cityops", True),), "files": (), "facts": {"rows a.b": "1"}, "entry": (("public", "CONNECT"),),
    }  # fmt: skip
    return Manifest(**(values | changed))  # type: ignore[arg-type]


def test_a_name_says_when_and_others_are_none() -> None:
    assert name_at(START) == "cityops-20250101T023000Z"
    assert begun_at(name_at(START)) == START
    for other in ("cityops-20250101T023000Z.partial", "cityops-20251301T023000Z", "backup", "cityops-x"):
        assert begun_at(other) is None


def test_a_year_of_nights_keeps_days_weeks_and_months() -> None:
    nights = [name_at(START + timedelta(days=n)) for n in range(365)]
    gone = to_remove(nights, Keep(daily=7, weekly=5, monthly=6))
    kept = [name for name in nights if name not in gone]
    assert kept[-7:] == nights[-7:]
    assert [begun_at(k).date().isoformat() for k in kept[:-7]] == [  # type: ignore[union-attr]
        "2025-07-31", "2025-08-31", "2025-09-30", "2025-10-31", "2025-11-30", "2025-12-07", "2025-12-14", "2025-12-21",
    ]  # fmt: skip


def test_weeks_without_one_do_not_make_older_ones_stay() -> None:
    """Households are promised that what they delete is gone from back-ups after 35 days."""
    before = [name_at(START + timedelta(days=n)) for n in range(30)]
    after = [name_at(START + timedelta(days=n)) for n in (100, 101)]
    assert to_remove([*before, *after], Keep()) == before
    assert to_remove([*before, after[-1]], Keep()) == before


@given(
    st.lists(st.integers(0, 2000), unique=True, max_size=60),
    st.builds(Keep, st.integers(1, 9), st.integers(0, 9), st.integers(0, 9)),
)
def test_pruning_twice_removes_nothing_more_and_the_newest_stays(hours: list[int], keep: Keep) -> None:
    names = [name_at(START + timedelta(hours=h)) for h in hours]
    gone = to_remove([*names, "not-ours"], keep)
    left = [name for name in names if name not in gone]
    assert not set(gone) - set(names)
    assert to_remove(left, keep) == []
    assert not names or max(names) in left
    assert len(left) <= keep.daily + keep.weekly + keep.monthly


def test_a_manifest_survives_and_one_of_the_future_is_refused() -> None:
    assert decode(encode(manifest())) == manifest()
    with pytest.raises(ValueError, match="newer than this cityops knows"):
        decode(encode(manifest(format=FORMAT + 1)))


def test_damage_is_told_file_by_file(tmp_path: Path) -> None:
    (tmp_path / "database").mkdir()
    for name in ("a", "b", "c"):
        (tmp_path / "database" / name).write_text(name)
    made = manifest(files=entries(tmp_path))
    assert damage(tmp_path, made) == []
    assert made.files[0] == Entry(
        "database/a", 1, "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"
    )
    (tmp_path / "database" / "a").write_text("x")
    (tmp_path / "database" / "b").unlink()
    (tmp_path / "stranger").touch()
    assert damage(tmp_path, made) == [
        "database/b is missing", "database/a has changed", "stranger does not belong to it",
    ]  # fmt: skip


def test_a_sample_is_found_again_by_its_name() -> None:
    samples = [
        Sample("public", "device", "all"), Sample("my", "x of y", "part"),
        Sample("public", "frog_reading", "2026-01-02T00:00:00+00:00"),
    ]  # fmt: skip
    assert samples_in(["rows public.device", *(s.text for s in samples)]) == samples
    assert samples[2].at == datetime(2026, 1, 2, tzinfo=UTC)
    assert samples[0].at is None


def test_definitions_are_not_compared_between_major_versions() -> None:
    before = {"rows a.b": "1", "view a.c": "x", "hash of all of a.b": "1 rows, 5"}
    after = {"rows a.b": "2", "view a.c": "y"}
    assert differences(before, after, same_major=False) == [
        "hash of all of a.b: was 1 rows, 5, is not there", "rows a.b: was 1, is 2",
    ]  # fmt: skip
    assert len(differences(before, after)) == 3


def test_a_sequence_may_be_further_on_and_never_behind() -> None:
    """Services draw from it while the dump is made, and it belongs to no snapshot."""
    before = {"sequence a": "214", "sequence b": "none", "sequence c": "5", "rows a.b": "1"}
    after = {"sequence a": "216", "sequence b": "3", "sequence c": "4", "rows a.b": "2"}
    assert differences(before, after) == ["rows a.b: was 1, is 2", "sequence c: was 5, is 4"]
    assert differences({"sequence a": "1"}, {"sequence a": "none"}) == ["sequence a: was 1, is none"]


def test_timescaledbs_catalogue_is_loaded_first() -> None:
    contents = [
        ";", "; Archive created at", "5; 0 16 TABLE DATA _timescaledb_catalog hypertable postgres",
        "6; 0 17 TABLE DATA public device cityops", "7; 0 18 TABLE DATA _timescaledb_internal _hyper_1_1_chunk cityops",
        "8; 0 0 SEQUENCE SET _timescaledb_catalog chunk_id_seq postgres", "9; 0 1 TABLE DATA _timescaledb_config bgw_job x",
    ]  # fmt: skip
    first, rest = split(contents)
    assert [line[0] for line in first] == ["5", "8", "9"]
    assert [line[0] for line in rest] == ["6", "7"]


def test_a_password_goes_by_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPASSWORD", "another's")
    monkeypatch.setenv("PGSERVICE", "another")
    made = environment("postgresql://cityops:se%40cret@db.example:5433/town?sslmode=verify-full", "-c a=b")
    assert {k: v for k, v in made.items() if k.startswith("PG")} == {
        "PGHOST": "db.example", "PGPORT": "5433", "PGUSER": "cityops", "PGPASSWORD": "se@cret", "PGDATABASE": "town",
        "PGSSLMODE": "verify-full", "PGOPTIONS": "-c a=b", "PGAPPNAME": "cityops-backup",
    }  # fmt: skip


def test_programs_reach_a_database_that_asks_for_tls() -> None:
    """A database elsewhere is named with ``sslmode=verify-full`` (docs/deploy.md); the wheel's own libpq has no TLS."""
    programs = find_programs(180000, wheel_binaries())
    values = environment("postgresql://x@127.0.0.1:1/x?sslmode=require") | programs.environment
    done = subprocess.run([programs.path("pg_dump")], env=values, capture_output=True, text=True)
    assert "SSL support" not in done.stderr
    assert "Connection refused" in done.stderr


def test_the_list_says_age_and_sizes() -> None:
    assert size(999) == "999 B"
    assert size(1_250_000_000) == "1.2 GB"
    text = listed([manifest(sealed=True)], START + timedelta(hours=5))
    assert text.startswith("cityops-20250101T023000Z     5.0 h old        0 B of      10 B  0032_backup_run")
    assert text.endswith("PostgreSQL 18.4  encrypted")
    assert listed([], START) == "no back-up"
