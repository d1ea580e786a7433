"""A back-up comes back, on both databases: whole, compared, with roles and order of batches, or it is said what is wrong."""

from __future__ import annotations

import json
import shutil
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from msgspec.structs import replace

from cityops.db.flavour import detect, install_timescaledb
from cityops.embedded.postgres import EmbeddedPostgres
from cityops.errors import ConfigurationError, TransientError
from cityops.settings import Settings, load_settings
from devices.contract.kind import discover
from ops_api.audit.core.model import Entry
from ops_api.audit.spool import Spool
from ops_api.backup import commands, dump, restore
from ops_api.backup.again import again_in, gone_book
from ops_api.backup.renumber import renumber
from ops_api.backup.session import of_database
from ops_api.backup.target import drop_database, refuse_foreign_extension, refuse_rights
from ops_api.households.gone import Gone
from tests.fakes.backup_town import READINGS, averages, fill
from tests.fakes.command_line import cityops
from tests.fakes.databases import PLAIN, SMALL_LOG, Servers, own_database, server_names

pytestmark = pytest.mark.timeout(
    400
)  # several processes and a database made anew: a busy machine takes minutes
OPENSSL = "openssl enc -aes-256-cbc -pbkdf2 -iter 1000 -pass pass:known-to-the-test"


def settings_of(tmp_path: Path, **backup: object) -> Settings:
    return load_settings(
        data_dir=tmp_path / "data", backup={"folder": tmp_path / "backups", "jobs": 2, **backup}
    )


def one(dsn: str, query: str) -> object:
    with psycopg.connect(dsn) as conn:
        row = conn.execute(query).fetchone()  # type: ignore[call-overload]
    return None if row is None else row[0]


@pytest.fixture
def new_name(pg_server: str) -> Iterator[str]:
    name = f"cityops_back_{uuid.uuid4().hex[:10]}"
    yield name
    drop_database(pg_server, name)


@pytest.mark.storage
def test_everything_comes_back(db_dsn: str, new_name: str, tmp_path: Path) -> None:
    has_timescaledb = fill(db_dsn)
    settings = settings_of(tmp_path)
    key = tmp_path / "data" / "evidence" / "signing_key.pem"
    key.parent.mkdir(parents=True)
    key.write_text("the key")
    manifest, problem = commands.make(settings, db_dsn, tmp_path / "backups", None)
    assert problem == ""
    assert manifest.facts["rows public.frog_reading"] == str(READINGS)
    assert manifest.facts["ledger"] == "4 starts hold 3840"
    assert manifest.included == ("evidence",)
    key.unlink()

    outcome = commands.bring_back(settings, db_dsn, tmp_path / "backups" / manifest.name, None, new_name)
    assert outcome.different == ()
    assert outcome.compared > 900
    assert key.read_text() == "the key"
    there = of_database(db_dsn, new_name)
    assert averages(there) == averages(db_dsn) != []
    assert one(there, "select count(*) from pg_policies") == one(db_dsn, "select count(*) from pg_policies")
    if has_timescaledb:
        assert one(there, "select count(*) from timescaledb_information.chunks where is_compressed") == one(
            db_dsn, "select count(*) from timescaledb_information.chunks where is_compressed"
        )
        assert one(there, "show timescaledb.restoring") == "off"
        jobs = "select count(*) from timescaledb_information.jobs where job_id >= 1000"
        assert one(there, jobs) == one(db_dsn, jobs)
    # It is a database that one can go on with.
    with psycopg.connect(there, autocommit=True) as conn:
        if not has_timescaledb:
            conn.execute("select ensure_partitions('frog_reading', '2026-03-01', '2026-03-02')")
        conn.execute(
            "insert into frog_reading (ts, device_id, seq, boot, received_at) values ('2026-03-01', 1, 961, 7, now())"
        )
        conn.execute(
            "insert into device (name, kind, shard, installed_at) values ('frog-9', 'frog', 1, now())"
        )


@pytest.mark.storage
def test_a_database_that_is_not_as_it_was_is_told(db_dsn: str, tmp_path: Path) -> None:
    fill(db_dsn)
    manifest, _ = commands.make(settings_of(tmp_path), db_dsn, tmp_path / "backups", None)
    with psycopg.connect(db_dsn, autocommit=True) as conn:
        conn.execute("update frog_reading set temperature_c = 99 where ts = '2026-01-02' and device_id = 2")
        conn.execute("delete from dead_letter")
        conn.execute("revoke select on board.device from cityops_reader")
        conn.execute("update device_sequence set received = '{[1,900)}' where device_id = 1")
    told = "\n".join(restore._compared(db_dsn, manifest))
    for what in (
        "hash of 2026-01-02T00:00:00+00:00 of public.frog_reading: was",
        "rows public.dead_letter: was 1, is 0",
        "rights board.device: was",
        "ledger: was 4 starts hold 3840, is 4 starts hold 3779",
    ):
        assert what in told


def test_commands_make_list_check_and_refuse(db_dsn: str, new_name: str, tmp_path: Path) -> None:
    fill(db_dsn)
    environment = {"CITYOPS_DB__DSN": db_dsn, "CITYOPS_DATA_DIR": str(tmp_path / "data")}
    made = cityops("backup", "create", "--json", **environment)
    assert made.returncode == 0, made.stderr
    name = json.loads(made.stdout)["name"]
    place = tmp_path / "data" / "backups" / name
    assert {p.stat().st_mode & 0o077 for p in [place.parent, place, *place.rglob("*")]} == {0}
    assert name in cityops("backup", "list", **environment).stdout
    tried = cityops("backup", "verify", "latest", "--restore", **environment)
    assert tried.returncode == 0, tried.stdout + tried.stderr
    assert "as it was: " in tried.stdout
    assert one(db_dsn, "select verified_at is not null from backup_run where ok") is True
    assert one(db_dsn, "select count(*) from pg_database where datname like 'cityops_trial_%'") == 0
    back = cityops("restore", "latest", "--into-new", new_name, **environment)
    assert back.returncode == 0, back.stdout + back.stderr
    assert f"{name} is in the database {new_name}" in back.stdout
    assert "pages tried: /readyz, /api/v1/status, /, /health" in back.stdout
    assert "listening" not in back.stdout + back.stderr
    over = cityops("restore", "latest", **environment)
    assert over.returncode == 2
    assert "is not empty" in over.stderr
    assert "--into-new NAME" in over.stderr
    next(place.glob("database/*.gz")).write_bytes(b"bit rot")
    damaged = cityops("backup", "verify", **environment)
    assert damaged.returncode == 1
    assert "has changed" in damaged.stdout
    assert "is damaged" in cityops("restore", name, "--into-new", "cityops_never", **environment).stderr
    assert "would go" not in cityops("backup", "prune", "--dry-run", **environment).stdout


@pytest.fixture
def plain_dsn(servers: Servers) -> Iterator[str]:
    server = servers.dsn(PLAIN if PLAIN in server_names() else server_names()[0])
    with own_database(server, "test", servers.template(server)) as dsn:
        yield dsn


def test_another_cluster_gets_roles_and_an_order_of_its_own(
    plain_dsn: str, tmp_path: Path, server_dir: Path
) -> None:
    db_dsn = plain_dsn
    fill(db_dsn)
    with psycopg.connect(db_dsn, autocommit=True) as conn:
        conn.execute(
            "update rule_cursor set xid = (select xid from ingest_batch order by xid offset 29 limit 1)"
        )
        conn.execute("update ingest_batch set xid = (xid::text::bigint + 1000000000)::text::xid8")
        conn.execute("update rule_cursor set xid = (xid::text::bigint + 1000000000)::text::xid8")
    login = f"grafana_{uuid.uuid4().hex[:8]}"
    with psycopg.connect(db_dsn, autocommit=True) as conn:
        name = conn.info.dbname
        conn.execute(f"create role {login} login in role cityops_reader")  # type: ignore[call-overload]
        conn.execute(f"create role {login}_web login noinherit in role cityops_api, cityops_registrar")  # type: ignore[call-overload]
        conn.execute(f"grant connect on database {name} to {login}_web")  # type: ignore[call-overload]
        conn.execute(f"revoke all on database {name} from public")  # type: ignore[call-overload]
        conn.execute(f"grant connect on database {name} to {login}")  # type: ignore[call-overload]
    unread = "select array_agg(batch_id order by xid, batch_id) from ingest_batch where xid > (select min(xid) from rule_cursor)"
    before = one(db_dsn, unread)
    settings = settings_of(tmp_path, encrypt_command=f"{OPENSSL} -e", decrypt_command=f"{OPENSSL} -d")
    manifest, _ = commands.make(settings, db_dsn, tmp_path / "backups", None)
    source = tmp_path / "backups" / manifest.name
    assert all(entry.path.endswith(".sealed") for entry in manifest.files)
    with EmbeddedPostgres(server_dir / "other", auth="trust", durable=False, settings=SMALL_LOG) as other:
        outcome = commands.bring_back(settings, other.dsn, source, None, None)
        assert outcome.different == ()
        assert "role cityops_reader made" in outcome.told
        assert f"role {login} made, without a way in: alter role {login} login password '…'" in outcome.told
        allowed = "select has_database_privilege('{}', current_database(), 'connect')"
        assert one(other.dsn, allowed.format(login)) is True
        assert one(other.dsn, allowed.format("cityops_resident")) is False
        assert one(other.dsn, f"select pg_has_role('{login}', 'cityops_reader', 'usage')") is True
        # The website's login has its roles' rights only while it takes them, as it had.
        assert one(other.dsn, f"select pg_has_role('{login}_web', 'cityops_registrar', 'usage')") is False
        assert one(other.dsn, f"select pg_has_role('{login}_web', 'cityops_registrar', 'member')") is True
        assert outcome.waiting == 20
        assert one(other.dsn, unread) == before
        assert (
            one(other.dsn, "select max(xid) < pg_snapshot_xmax(pg_current_snapshot()) from ingest_batch")
            is True
        )
        with psycopg.connect(other.dsn, autocommit=True) as conn:
            assert renumber(conn) is None
        opened = cityops("backup", "list", CITYOPS_BACKUP__FOLDER=str(tmp_path / "backups"))
        assert "encrypted" in opened.stdout
    assert list((tmp_path / "backups").glob(".opened-*")) == []


async def test_the_pages_open_on_what_was_restored(db_dsn: str, tmp_path: Path) -> None:
    from ops_api.wiring_pages_open import pages_open

    # Lines of the live website's audit wait in its folder, and it has a login of its own: neither is for what was restored.
    settings = settings_of(tmp_path)
    entry = Entry(
        at_us=1, actor_kind="account", actor_id="x", roles="", via="web", action="a", object="o", outcome="done", source="", request_id="r",
    )  # fmt: skip
    spool = Spool(settings.data_dir)
    spool.keep(entry)
    live = settings.api.model_copy(update={"dsn": "postgresql://nobody@127.0.0.1:1/live"})
    wrong, said = await pages_open(settings.model_copy(update={"api": live}), db_dsn)
    assert (wrong, said[:11]) == ([], "pages tried")
    assert spool.first() == entry
    assert one(db_dsn, "select count(*) from audit_entry where actor_id = 'x'") == 0


def test_a_failed_back_up_leaves_nothing_but_its_line(db_dsn: str, tmp_path: Path) -> None:
    settings = settings_of(tmp_path, encrypt_command="false")
    with pytest.raises(ConfigurationError, match="ENCRYPT_COMMAND: false failed"):
        commands.make(settings, db_dsn, tmp_path / "backups", None)
    assert list((tmp_path / "backups").iterdir()) == []
    assert one(db_dsn, "select problem from backup_run where not ok").__class__ is str
    with pytest.raises(ConfigurationError, match="nothing is encrypted"):
        commands.make(settings_of(tmp_path, encrypt_command="cat"), db_dsn, tmp_path / "backups", None)


def test_a_server_of_another_version_is_told_with_what_there_is(db_dsn: str, tmp_path: Path) -> None:
    old = tmp_path / "old"
    old.mkdir()
    for name in ("pg_dump", "pg_restore"):
        (old / name).write_text("#!/bin/sh\necho 'pg_dump (PostgreSQL) 13.4'\n")
        (old / name).chmod(0o755)
    with pytest.raises(
        ConfigurationError, match=rf"needs pg_dump and pg_restore 18; there are: 13\.4 in {old}"
    ):
        commands.make(settings_of(tmp_path, programs=old), db_dsn, tmp_path / "backups", None)


def test_what_goes_while_it_is_read_is_tried_again(
    db_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(db_dsn)
    tries = []
    real = dump._one_snapshot

    def first_time_gone(*args: object) -> object:
        tries.append(1)
        if len(tries) == 1:
            raise psycopg.errors.UndefinedTable("a chunk was dropped")
        return real(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(dump, "_one_snapshot", first_time_gone)
    manifest, _ = commands.make(settings_of(tmp_path), db_dsn, tmp_path / "backups", None)
    assert len(tries) == 2
    assert manifest.started_at <= datetime.now(UTC)
    shutil.rmtree(tmp_path / "backups")


def test_rules_and_ingest_go_on_while_it_is_made(
    db_dsn: str, new_name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It holds no transaction id (the rules would wait for it), and what is stored meanwhile is not in it.

    Sequences are drawn from meanwhile, and belong to no snapshot: that is no difference.
    """
    fill(db_dsn)
    ids = []
    described = dump._described

    def meanwhile(conn: psycopg.Connection[object]) -> dict[str, object]:
        ids.append(conn.execute("select pg_current_xact_id_if_assigned()").fetchone())
        with psycopg.connect(db_dsn, autocommit=True) as other:
            other.execute("insert into ingest_batch (received_at, shard, readings) values (now(), 0, 1)")
            held = other.execute(
                "select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
                " and backend_xid is not null and application_name = 'cityops-backup'"
            ).fetchone()
            ids.append(held)
        return described(conn)

    monkeypatch.setattr(dump, "_described", meanwhile)
    manifest, _ = commands.make(settings_of(tmp_path), db_dsn, tmp_path / "backups", None)
    assert ids == [(None,), (0,)]
    assert manifest.facts["rows public.ingest_batch"] == "50"
    assert one(db_dsn, "select count(*) from ingest_batch") == 51
    source = tmp_path / "backups" / manifest.name
    outcome = commands.bring_back(settings_of(tmp_path), db_dsn, source, None, new_name)
    assert outcome.different == ()


@pytest.fixture
def empty_dsn(pg_server: str, new_name: str) -> str:
    with psycopg.connect(pg_server, autocommit=True) as conn:
        conn.execute(f"create database {new_name} template template0")  # type: ignore[call-overload]
    return of_database(pg_server, new_name)


def test_a_database_that_a_service_uses_is_left_alone(db_dsn: str, empty_dsn: str, tmp_path: Path) -> None:
    """It would store between the loading of a table and of its key."""
    settings = settings_of(tmp_path)
    manifest, _ = commands.make(settings, db_dsn, tmp_path / "backups", None)
    source = tmp_path / "backups" / manifest.name
    with (
        psycopg.connect(empty_dsn, application_name="cityops-ingest"),
        pytest.raises(ConfigurationError, match="in use by cityops-ingest: stop the services"),
    ):
        commands.bring_back(settings, empty_dsn, source, None, None)
    assert one(empty_dsn, "select to_regclass('device') is null") is True


def test_a_failure_half_way_says_what_it_leaves(
    db_dsn: str, empty_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings_of(tmp_path)
    manifest, _ = commands.make(settings, db_dsn, tmp_path / "backups", None)

    def full(*_: object, **__: object) -> None:
        raise psycopg.errors.DiskFull("No space left on device")

    monkeypatch.setattr(restore, "load", full)
    with pytest.raises(
        TransientError, match=r"No space left on device\. The database \w+ is left half loaded"
    ):
        commands.bring_back(settings, empty_dsn, tmp_path / "backups" / manifest.name, None, None)


@pytest.mark.storage
@pytest.mark.storage
async def test_a_database_keeps_its_flavour(empty_dsn: str) -> None:
    """Restored from a plain server to one with TimescaleDB: an upgrade does not make hypertables beside partitions."""
    async with await psycopg.AsyncConnection.connect(empty_dsn, autocommit=True) as conn:
        await conn.execute("create table schema_history ()")
        await install_timescaledb(conn)
        assert (await detect(conn)).timescaledb is None


@pytest.mark.storage
def test_plain_and_timescaledb_are_not_mixed(db_dsn: str, empty_dsn: str, tmp_path: Path) -> None:
    """A plain back-up comes into no database with the extension, one of TimescaleDB onto no server without it."""
    manifest, _ = commands.make(settings_of(tmp_path), db_dsn, tmp_path / "backups", None)
    with psycopg.connect(empty_dsn, autocommit=True) as conn:
        if manifest.timescaledb is None:
            with pytest.raises(ConfigurationError, match=r"does not offer \(it has none\)"):
                refuse_rights(conn, replace(manifest, timescaledb="2.29.2"))
            return
        with pytest.raises(ConfigurationError, match=r"which this server does not offer \(it has 2\."):
            refuse_rights(conn, replace(manifest, timescaledb="1.0.0"))
        refuse_foreign_extension(conn, replace(manifest, timescaledb=None))
        conn.execute("create extension timescaledb")
        with pytest.raises(ConfigurationError, match="partitions do not become hypertables"):
            refuse_foreign_extension(conn, replace(manifest, timescaledb=None))


def test_a_disk_that_is_full_is_told_and_written_down(
    db_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device", str(tmp_path / "backups" / "x"))

    monkeypatch.setattr(dump.outside, "copy_out", full)
    with pytest.raises(TransientError, match="x: No space left on device"):
        commands.make(settings_of(tmp_path), db_dsn, tmp_path / "backups", None)
    assert list((tmp_path / "backups").iterdir()) == []
    assert "No space left" in str(one(db_dsn, "select problem from backup_run where not ok"))


@pytest.mark.storage
def test_who_left_and_what_was_deleted_since_goes_again(db_dsn: str, new_name: str, tmp_path: Path) -> None:
    """Of what was deleted after the back-up nothing is left in the database that is restored."""
    fill(db_dsn)
    with psycopg.connect(db_dsn, autocommit=True) as conn:
        ids = {
            name: str(
                conn.execute(
                    "insert into resident (name) values (%s) returning resident_id", (name,)
                ).fetchone()[0]
            )  # type: ignore[index]
            for name in ("Ada", "Ben")
        }
        conn.execute("insert into home (code, label) values ('CD34', 'another')")
        for name, home in (("Ada", 1), ("Ben", 2)):
            conn.execute(
                "insert into household_member (home_id, resident_id, from_at, joined_by) values (%s, %s, '2026-01-01', 'label')",
                (home, ids[name]),
            )
    settings = settings_of(tmp_path)
    manifest, _ = commands.make(settings, db_dsn, tmp_path / "backups", None)
    book, now = gone_book(settings), datetime.now(UTC)
    for home, name, what in ((1, "Ada", "everything"), (2, "Ben", "moved out"), (99, "Ben", "readings")):
        book.add(Gone(now, home, ids[name], what))  # type: ignore[arg-type]
    outcome = commands.bring_back(settings, db_dsn, tmp_path / "backups" / manifest.name, None, new_name)
    assert outcome.different == ()
    assert "2 moves and deletions since the back-up were made again" in outcome.told
    there = of_database(db_dsn, new_name)
    assert one(there, "select count(*) from frog_reading") == 0
    assert one(there, "select string_agg(name, ',') from resident") == "Ben"
    assert one(there, "select count(*) from household_member where to_at is null") == 0
    assert one(db_dsn, "select count(*) from frog_reading") == READINGS
    nobody = again_in(settings, there, discover(), now + timedelta(seconds=1))
    assert nobody.startswith("nobody moved out")
