"""A pack: what is in it, the same bytes each time, and what a check says of one that was tampered with."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import zipfile
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path

import pikepdf
import pytest
from msgspec.structs import replace

from cityops.errors import ConfigurationError
from ops_api.evidence_text import verdict_document, verdict_lines
from rules.core.evidence.canonical import canonical
from rules.core.evidence.manifest import MANIFEST, SIGNATURE
from rules.core.evidence.rows import Reading
from rules.evidence.container import SEAL_CHARS, Container
from rules.evidence.keys import PublicKey, published, read_public, signer
from rules.evidence.packing import check_period
from rules.evidence.ports import NoSuchError
from rules.evidence.unpacking import Verdict, verify
from tests.fakes.evidence_home import (
    FIRST,
    KEY,
    LAST,
    ORDER,
    OTHER_KEY,
    a_pack,
    packed,
    source,
)  # fmt: skip

DAY_FILE = "readings/frog-0001/2026-01-09.csv"
Files = dict[str, bytes]


def files_of(data: bytes) -> Files:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {i.filename: archive.read(i) for i in archive.infolist()}


def zipped(files: list[tuple[str, bytes]], key: object = OTHER_KEY) -> bytes:
    out = io.BytesIO()
    container = Container(out)
    for path, content in files:
        container.add(path, content)
    container.close(key)  # type: ignore[arg-type]
    return out.getvalue()


def checked(tmp_path: Path, data: bytes, expected: PublicKey | None = None) -> Verdict:
    path = tmp_path / "pack.zip"
    path.write_bytes(data)
    return verify(path, expected)


def test_a_pack_is_intact_and_says_by_whom_it_was_signed(tmp_path: Path) -> None:
    found = checked(tmp_path, a_pack(), KEY.public)
    assert found.intact
    lines = verdict_lines(found, KEY.public)
    assert lines[0] == "INTACT: every byte is as it was made and signed."
    assert lines[1].endswith("3 Lily Court, 2026-01-05 to 2026-01-24, made 2026-01-26T10:00:00Z")
    assert lines[-1] == f"signed with key {KEY.public.key_id}: the expected key"
    assert verdict_document(found)["intact"] is True


def test_a_pack_whose_signer_nobody_knows_is_whole_and_no_more(tmp_path: Path) -> None:
    found = checked(tmp_path, a_pack())
    assert (found.whole, found.intact) == (True, False)
    lines = verdict_lines(found, None)
    assert lines[0].startswith("WHOLE, signer not checked")
    assert lines[-1].startswith(
        f"signed with key {KEY.public.key_id}: get the key of who should have made it"
    )
    assert "--key" in lines[-1]
    assert (verdict_document(found)["intact"], verdict_document(found)["whole"]) == (False, True)


def test_what_a_file_says_cannot_write_over_the_terminal(tmp_path: Path) -> None:
    files = files_of(a_pack())
    evil = "\x1b[2J\x1b[HINTACT\r\n\u202e\x9b1A"
    manifest = json.loads(files[MANIFEST]) | {"home": evil, "format": evil}
    changed = files | {MANIFEST: canonical(manifest), f"{evil}.csv": b""}
    lines = verdict_lines(checked(tmp_path, zipped(list(changed.items()))), None)
    assert lines[0].startswith("CHANGED")
    said = "\n".join(lines)
    assert "\\x1b[2J\\x1b[HINTACT\\r\\n\\u202e\\x9b1A" in said
    assert all(line.isprintable() for line in lines), said


def test_another_key_is_told(tmp_path: Path) -> None:
    found = checked(tmp_path, a_pack(), OTHER_KEY.public)
    assert not found.intact
    assert verdict_lines(found, OTHER_KEY.public)[0].startswith("SIGNED BY ANOTHER KEY")
    assert "signed anew by somebody else" in verdict_lines(found, OTHER_KEY.public)[-1]


def test_the_same_inputs_give_the_same_bytes() -> None:
    assert asyncio.run(packed())[0] == a_pack()


def test_readings_are_there_as_the_box_sent_them_day_by_day() -> None:
    files = files_of(a_pack())
    days = (LAST - FIRST).days + 1
    for device in ("readings/frog-0001", "readings/frog-0002", "outdoor/weather-0002"):
        assert sum(name.startswith(f"{device}/") for name in files) == days
    assert not any("weather-0001" in name for name in files)
    rows = list(csv.DictReader(io.StringIO(files[DAY_FILE].decode())))
    assert len(rows) == 48
    assert (rows[0]["time_utc"], rows[0]["received_utc"]) == ("2026-01-09T00:00:00Z", "2026-01-09T00:00:02Z")
    assert rows[0] == rows[0] | {"seq": "193", "boot": "1", "quality": "0", "wall_temperature_c": ""}
    silent = files["readings/frog-0001/2026-01-10.csv"].decode()
    assert (
        silent
        == "time_utc,received_utc,seq,boot,temperature_c,humidity_pct,wall_temperature_c,pressure_hpa,battery_v,quality\n"
    )


def test_figures_carry_what_they_rest_on() -> None:
    rooms = json.loads(files_of(a_pack())["statistics.json"])["rooms"]
    bedroom, living = rooms
    assert (bedroom["readings"], bedroom["doubtful"], bedroom["expected"]) == (19 * 48, 1, 20 * 48)
    assert (bedroom["hours"], bedroom["hours_known"]) == (480, 456)
    assert bedroom["damp_hours"]["low"] < bedroom["damp_hours"]["mid"] < bedroom["damp_hours"]["high"]
    assert living["damp_hours"] == {"low": 0.0, "mid": 0.0, "high": 0.0}
    assert bedroom["factor_words"].startswith("assumed")
    assert 250 < bedroom["standard"]["excess_pa"] < 900
    gaps = json.loads(files_of(a_pack())["gaps.json"])
    assert gaps["missing"] == [{"device": "frog-0001", "boot": 1, "first_seq": 241, "last_seq": 288}]
    [[start, end]] = gaps["silences"][0]["spans_s"]
    assert end - start == 24.5 * 3600


def test_neither_the_homes_code_nor_the_photos_metadata_is_in_it() -> None:
    files = files_of(a_pack())
    everything = b"".join(files.values())
    assert b"frog-lily-42" not in everything
    assert b"SECRETCAMERA" not in everything
    assert b"Exif" not in next(data for name, data in files.items() if name.startswith("photos/"))


def test_the_diary_is_private_unless_asked_for() -> None:
    files = files_of(a_pack())
    assert "diary.json" not in files
    assert b"PRIVATE-1" not in b"".join(files.values())
    with_diary = files_of(asyncio.run(packed(diary=True))[0])
    assert json.loads(with_diary["diary.json"])[0]["note"] == "PRIVATE-1"


def change_day(files: Files) -> list[tuple[str, bytes]]:
    return [(n, d.replace(b"17.", b"16.") if n == DAY_FILE else d) for n, d in files.items()]


def drop_day(files: Files) -> list[tuple[str, bytes]]:
    return [(n, d) for n, d in files.items() if n != DAY_FILE]


def add_file(files: Files) -> list[tuple[str, bytes]]:
    return [*files.items(), ("readings/frog-0001/2026-02-01.csv", b"time_utc\n")]


def swap_files(files: Files) -> list[tuple[str, bytes]]:
    names = list(files)
    i = names.index(DAY_FILE)
    names[i], names[i + 1] = names[i + 1], names[i]
    return [(n, files[n]) for n in names]


def swap_days(files: Files) -> list[tuple[str, bytes]]:
    """Two days exchanged, in the files and in the manifest."""
    other = "readings/frog-0001/2026-01-08.csv"
    manifest = json.loads(files[MANIFEST])
    days = manifest["series"][0]["days"]
    for a, b in ((3, 4),):
        for name in ("bytes", "sha256", "rows"):
            days[a][name], days[b][name] = days[b][name], days[a][name]
    changed = files | {DAY_FILE: files[other], other: files[DAY_FILE], MANIFEST: canonical(manifest)}
    return list(changed.items())


@pytest.mark.parametrize(
    ("tamper", "says"),
    [
        (change_day, f"changed: readings of Bedroom on Friday 9 January 2026 ({DAY_FILE})"),
        (drop_day, f"missing: readings of Bedroom on Friday 9 January 2026 ({DAY_FILE})"),
        (add_file, "added: readings/frog-0001/2026-02-01.csv"),
        (swap_files, f"not where it was: readings of Bedroom on Friday 9 January 2026 ({DAY_FILE})"),
        (swap_days, f"chain broken at: readings of Bedroom on Friday 9 January 2026 ({DAY_FILE})"),
    ],
)
def test_it_is_told_what_was_done_to_it(
    tmp_path: Path, tamper: Callable[[Files], list[tuple[str, bytes]]], says: str
) -> None:
    found = checked(tmp_path, zipped(tamper(files_of(a_pack()))), KEY.public)
    lines = verdict_lines(found, KEY.public)
    assert lines[0] == "CHANGED: this is not the pack as it was made."
    assert says in lines
    assert "the file as a whole is not as it was sealed: at least one byte of it was changed" in lines


def test_a_pack_that_was_only_zipped_again_has_its_contents(tmp_path: Path) -> None:
    found = checked(tmp_path, zipped(list(files_of(a_pack()).items())), KEY.public)
    assert not found.intact
    assert verdict_lines(found, KEY.public)[0].startswith("CHANGED, but not its contents")


def test_a_manifest_without_its_signature_is_not_believed(tmp_path: Path) -> None:
    files = files_of(a_pack())
    for name in (MANIFEST, SIGNATURE):
        found = checked(tmp_path, zipped([(n, d) for n, d in files.items() if n != name]))
        assert not found.whole
        assert f"{name} is missing or damaged" in " ".join(found.trouble)
    manifest = json.loads(files[MANIFEST]) | {"home": "4 Lily Court"}
    found = checked(
        tmp_path, zipped([(n, canonical(manifest) if n == MANIFEST else d) for n, d in files.items()])
    )
    assert not found.signed
    assert "the manifest is not what was signed: what it lists may have been changed too" in verdict_lines(
        found, None
    )


@pytest.mark.parametrize(
    "data",
    [b"", b"hello", b"PK\x05\x06" + bytes(18), b"PK\x03\x04" * 100],
    ids=["empty", "text", "no files", "half"],
)
def test_what_is_no_pack_is_told_in_words(tmp_path: Path, data: bytes) -> None:
    found = checked(tmp_path, data)
    assert (found.intact, found.readable) == (False, False)
    assert found.trouble


def test_a_file_that_is_not_there_is_told_in_words(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="No such file"):
        verify(tmp_path / "none.zip")


def test_a_file_cut_short_is_no_pack(tmp_path: Path) -> None:
    for keep in (len(a_pack()) - 1, len(a_pack()) - SEAL_CHARS, len(a_pack()) // 2):
        assert not checked(tmp_path, a_pack()[:keep]).whole
    assert not checked(tmp_path, a_pack() + b" ").whole


def test_a_period_that_can_not_be_is_refused() -> None:
    for wrong, says in (
        (replace(ORDER, to_day=FIRST - timedelta(days=1)), "before it begins"),
        (replace(ORDER, to_day=date(2026, 3, 1)), "has not begun"),
        (replace(ORDER, from_day=date(2020, 1, 1)), "at most 1098 days"),
    ):
        with pytest.raises(ConfigurationError, match=says):
            check_period(wrong)
    with pytest.raises(NoSuchError):
        asyncio.run(packed(order=replace(ORDER, code="nobody")))


def test_a_home_without_weather_or_boxes_has_a_pack_too(tmp_path: Path) -> None:
    bare = source()
    bare.weather.clear()
    found = checked(tmp_path, asyncio.run(packed(found=bare))[0], KEY.public)
    assert found.intact
    bare.homes = {
        c: type(h)(home_id=h.home_id, label=h.label, temperature_factor=0.7, rooms=())
        for c, h in bare.homes.items()
    }
    assert checked(tmp_path, asyncio.run(packed(found=bare))[0], KEY.public).intact


def test_the_key_is_made_once_and_nobody_else_can_read_it(tmp_path: Path) -> None:
    assert published(tmp_path) is None
    first = signer(tmp_path).public
    assert signer(tmp_path).public == first == published(tmp_path)
    path = tmp_path / "evidence" / "signing_key.pem"
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert [p.name for p in path.parent.iterdir() if p.name.startswith(".")] == []
    assert read_public(tmp_path / "evidence" / "signing_key.pub.pem") == first
    with pytest.raises(ConfigurationError, match="no public key"):
        read_public(path)
    path.write_text("nonsense")
    with pytest.raises(ConfigurationError, match="can't be read as a private key"):
        signer(tmp_path)


def test_the_report_is_tagged_says_what_it_is_and_holds_no_script(tmp_path: Path) -> None:
    data = files_of(a_pack())["report.pdf"]
    with pikepdf.open(io.BytesIO(data)) as pdf:
        assert "/StructTreeRoot" in pdf.Root
        assert pdf.Root.MarkInfo.Marked
        assert str(pdf.Root.Lang) == "en-GB"
        assert str(pdf.docinfo["/Title"]) == "Damp and warmth: 3 Lily Court"
        assert pdf.Root.ViewerPreferences.DisplayDocTitle
        with pdf.open_metadata() as metadata:
            assert metadata.get("pdfuaid:part") == "1"
        kinds, alts = set(), []
        for obj in pdf.objects:
            if isinstance(obj, pikepdf.Dictionary):
                assert "/JS" not in obj
                assert obj.get("/S") not in ("/JavaScript", "/Launch", "/URI")
                if "/P" in obj and "/S" in obj:
                    kinds.add(str(obj.S))
                    alts += [str(obj.Alt)] if "/Alt" in obj else []
        assert {"/Table", "/TH", "/TD", "/H1", "/L", "/Figure"} <= kinds
        assert sum("Line chart of humidity at the coldest wall" in a for a in alts) == 2
        assert any("Photo by the household: Behind the bed" in a for a in alts)


def test_readings_are_asked_for_in_pieces_of_four_weeks_at_most() -> None:
    """So that a year of many rooms takes no more memory than a month of one."""
    found, spans = source(), []
    asked = found.readings

    async def spied(kind: str, device_id: int, start: datetime, end: datetime) -> Sequence[Reading]:
        spans.append(end - start)
        return await asked(kind, device_id, start, end)

    found.readings = spied  # type: ignore[method-assign]
    asyncio.run(packed(found=found, order=replace(ORDER, from_day=date(2025, 10, 1))))
    assert max(spans) == timedelta(days=28)
    # Of the boxes only since they were installed; twice: for the files and for the figures.
    assert len(spans) == 2 * (2 + 2 + 5)
