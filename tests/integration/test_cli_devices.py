"""``cityops devices`` as its user starts it, with a real broker."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ops_api.provisioning.desk import Label
from ops_api.provisioning.labels import code_in, payload, sheets
from tests.fakes.command_line import cityops
from tests.fakes.provisioned import Card, office_on
from tests.fakes.provisioned_broker import Place, Speaker, broker, until

Run = Callable[..., subprocess.CompletedProcess[str]]


def runs(dsn: str, folder: Path, place: Place | None = None) -> Run:
    """Return what runs the command on a database, and a broker where there is one."""
    broker_files = {} if place is None else {
        "CITYOPS_PROVISIONING__LOGIN_FILE": str(place.passwords),
        "CITYOPS_PROVISIONING__BROKER_PID": str(place.folder / "broker.pid"),
    }  # fmt: skip

    def run(*words: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        more = {
            "CITYOPS_DATA_DIR": str(folder),
            "CITYOPS_OPERATOR": "kim",
            "CITYOPS_API__PUBLIC_URL": "https://city.example",
        }
        done = cityops("devices", *words, CITYOPS_DB__DSN=dsn, **more, **broker_files)
        assert done.returncode == code, (words, done.stdout, done.stderr)
        return done

    return run


async def test_labels_come_once_and_in_every_form(db_dsn: str, tmp_path: Path) -> None:
    run = runs(db_dsn, tmp_path)
    added = run("add", "frog-1", "frog-2", "--kind", "frog", "--label")
    first = dict(line.split() for line in added.stdout.splitlines())
    assert first.keys() == {"frog-1", "frog-2"}
    sheet, pdf = tmp_path / "labels.svg", tmp_path / "labels.pdf"
    again = json.loads(run("label", "frog-1", "--days", "3", "--sheet", str(sheet), "--json").stdout)
    assert again[0]["code"] != first["frog-1"]
    assert again[0]["code"].rpartition("-")[0] in sheet.read_text()
    assert "Model frog" in sheet.read_text()
    assert sheet.stat().st_mode & 0o777 == 0o600
    assert "█" in run("label", "frog-1", "--qr", "--sheet", str(pdf)).stdout
    assert pdf.read_bytes().startswith(b"%PDF")
    async with office_on(db_dsn) as office:
        assert (await office.claim(first["frog-2"], Card())).name == "frog-2"
    listed = run("list").stdout.splitlines()
    assert [line.split()[:4] for line in listed] == [
        ["frog-1", "frog", "unclaimed", "-"],
        ["frog-2", "frog", "active", "token"],
    ]
    assert "claimed by device frog-2" in run("show", "frog-2").stdout
    assert json.loads(run("show", "frog-2", "--json").stdout)["device"]["state"] == "active"


async def test_refusals_are_one_line(db_dsn: str, tmp_path: Path) -> None:
    run = runs(db_dsn, tmp_path)
    assert "there is no device 'no'" in run("show", "no", code=1).stderr
    assert "lower case letters" in run("add", "../x", "--kind", "frog", code=1).stderr
    assert "kind 'toad' does not exist" in run("add", "x", "--kind", "toad", code=1).stderr
    assert "one of unclaimed" in run("list", "--state", "odd", code=2).stderr
    assert "a .pdf or an .svg" in run("label", "x", "--sheet", "x.png", code=2).stderr
    assert "not kept from here" in run("sync", code=2).stderr
    run("add", "x", "--kind", "frog")
    assert "not quarantined" in run("release", "x", code=1).stderr


async def test_the_broker_is_told_by_the_command_itself(
    db_dsn: str, tmp_path: Path, server_dir: Path
) -> None:
    card, legacy = Card(), Card()
    with broker(server_dir, "cli-devices") as place:
        run = runs(db_dsn, tmp_path, place)
        codes = dict(
            line.split() for line in run("add", "frog-1", "--kind", "frog", "--label").stdout.splitlines()
        )
        run("add", "frog-old", "--kind", "frog")
        async with office_on(db_dsn) as office:
            await office.claim(codes["frog-1"], card)
            # As it was before there were claims: a login that the broker alone knows.
            await office.conn.execute(
                "delete from device_state where device_id = (select device_id from device where name = 'frog-old')"
            )
            await office.conn.commit()
        with place.passwords.open("a") as file:
            file.write(f"frog-old:{legacy.verifier}\nmap-room:{Card().verifier}\n")
        assert run("sync").stdout == "added frog-1\n"
        assert "as they should be" in run("sync").stdout
        assert "token" in run("list", "frog-old").stdout  # taken over
        speaker = Speaker(place.devices, "frog-1", card.password)
        try:
            until(lambda: speaker.connected)
            said = run("revoke", "frog-1", "no-such", "--why", "stolen", code=1).stderr
            assert "there is no device 'no-such'" in said
            until(lambda: not speaker.connected, 5.0)
        finally:
            speaker.close()
        run("quarantine", "frog-old", "--why", "odd")
        kept = place.passwords.read_text()
        assert "frog-old" not in kept
        assert "map-room" in kept
        assert "may come in again" in run("release", "frog-old").stdout
        assert f"frog-old:{legacy.verifier}" in place.passwords.read_text()
        place.passwords.write_text("")  # lost
        assert "added frog-old" in run("sync").stdout
        run("retire", "frog-old", "--why", "broken")
        assert "frog-old" not in place.passwords.read_text()
    async with office_on(db_dsn) as office:
        rows = await (await office.conn.execute("select distinct action from audit_entry")).fetchall()
        assert {
            f"devices {what}" for what in ("add", "label", "revoke", "quarantine", "release", "retire")
        } <= {row[0] for row in rows}


@pytest.mark.parametrize(("count", "expected"), [(1, 1), (24, 1), (25, 2)])
def test_sheets_have_24_labels(count: int, expected: int) -> None:
    labels = [
        Label(f"frog-{n}", "7K2MX0-QA9WZT-H3F5QC", datetime(2026, 1, 9, tzinfo=UTC)) for n in range(count)
    ]
    drawn = sheets(labels, "Council of <Here> & There", "https://city.example")
    assert len(drawn) == expected
    assert sum(sheet.count("Claim code") for sheet in drawn) == count
    assert "&lt;Here&gt; &amp; There" in drawn[0]


def test_what_a_qr_code_says_is_read_back() -> None:
    for url in ("", "https://city.example/"):
        assert code_in(payload("7K2MX0-QA9WZT-H3F5QC", url)) == "7K2MX0-QA9WZT-H3F5QC"
    assert payload("X", "https://city.example/") == "https://city.example/claim#X"
