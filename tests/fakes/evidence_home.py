"""A home with two boxes and a weather station in memory, and packs made of it."""

from __future__ import annotations

import asyncio
import io
import math
from datetime import UTC, date, datetime, timedelta
from functools import cache

import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec.structs import replace
from PIL import Image

from devices.contract.kind import discover
from ops_api.case_work import a_contact, a_photo
from rules.catalogue.law_files import load_law
from rules.core.evidence.contents import DampDay, DampWeek, DiaryLine, Home, MissingNumbers, Room
from rules.core.evidence.rows import Reading
from rules.core.evidence.scope import Order, Scope
from rules.core.legal_clock import CaseEvent
from rules.evidence.figures import FiguresFromReadings
from rules.evidence.keys import Signer
from rules.evidence.memory_book import MemoryBook
from rules.evidence.memory_source import MemorySource
from rules.evidence.packing import Workshop, make_pack
from rules.evidence.ports import EvidenceSource, Pack

CODE = "frog-lily-42"
HOME_ID = 7
FIRST, LAST = date(2026, 1, 5), date(2026, 1, 24)
NOW = datetime(2026, 1, 26, 10, 0, tzinfo=UTC)
STEP = timedelta(minutes=30)
CALIBRATION = {
    "calibration_id": 1, "device": "frog-0001", "field": "humidity_pct", "value_offset": 1.5, "keeps_vapour": False,
    "from_at": "2026-01-06T00:00:00+00:00", "to_at": None, "how": "salt", "by": "Sam", "evidence": "24 h over salt",
    "created_at": "2026-01-06T12:00:00+00:00", "withdrawn_at": None, "withdrawn_by": None,
}  # fmt: skip
KEY = Signer(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
OTHER_KEY = Signer(Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33))))
KINDS = discover()


def room(device_id: int, device: str, label: str, **more: float) -> Room:
    return Room(
        device_id=device_id, device=device, label=label, cadence_s=1800, installed_at=datetime(2026, 1, 1, tzinfo=UTC),
        **more,
    )  # fmt: skip


def readings(
    device_id: int, kind: str, first: date = FIRST, last: date = LAST, step: timedelta = STEP
) -> list[Reading]:
    """A damp bedroom (1), a dry living room (2), mild weather (9); the bedroom is silent on the tenth."""
    names = [f.name for f in KINDS[kind].fields]
    at, end = (
        datetime(first.year, first.month, first.day, tzinfo=UTC),
        datetime(last.year, last.month, last.day, tzinfo=UTC),
    )
    found, seq = [], 0
    while at < end + timedelta(days=1):
        seq += 1
        wave = math.sin(at.timestamp() / 86_400 * 2 * math.pi)
        slow = math.sin(at.timestamp() / (6 * 86_400) * 2 * math.pi)
        known = {
            1: {"temperature_c": 17.0 + wave, "humidity_pct": 70.0 + 5 * wave},
            2: {"temperature_c": 20.5 + wave, "humidity_pct": 45.0 + 3 * wave},
            9: {"air_temperature_c": 5.0 + 2 * wave + 3 * slow, "humidity_pct": 85.0, "wind_speed_m_s": 3.0},
        }[device_id]
        # As PostgreSQL writes a real: the fewest digits that give it back.
        values = tuple(float(str(np.float32(known[n]))) if n in known else None for n in names)
        if not (device_id == 1 and at.date() == date(2026, 1, 10)):
            quality = 2 if device_id == 1 and seq == 5 else 0
            found.append(Reading(at, at + timedelta(seconds=2), seq, 1, quality, values))
        at += step
    return found


@cache
def photo_bytes() -> bytes:
    """A photo with a place in its metadata."""
    image, out = Image.new("RGB", (120, 80), (120, 140, 90)), io.BytesIO()
    exif = Image.Exif()
    exif[0x010F] = "SECRETCAMERA"
    exif.get_ifd(0x8825)[1] = "N"
    image.save(out, "JPEG", exif=exif)
    return out.getvalue()


def source() -> MemorySource:
    home = Home(
        home_id=HOME_ID, label="3 Lily Court", temperature_factor=0.7,
        rooms=(room(1, "frog-0001", "Bedroom"), room(2, "frog-0002", "Living room", latitude_deg=51.45, longitude_deg=-2.6)),
    )  # fmt: skip
    return MemorySource(
        kinds=KINDS,
        homes={CODE: home},
        weather=[
            room(8, "weather-0001", "Far away", latitude_deg=52.9, longitude_deg=-2.6),
            room(9, "weather-0002", "City Farm", latitude_deg=51.46, longitude_deg=-2.6),
        ],
        rows={1: readings(1, "frog"), 2: readings(2, "frog"), 9: readings(9, "weather")},
        gaps={1: [MissingNumbers(device="frog-0001", boot=1, first_seq=241, last_seq=288)]},
        entries={HOME_ID: [DiaryLine(at=datetime(2026, 1, 7, 7, 30, tzinfo=UTC), activity="shower", note="PRIVATE-1")]},
        log={1: [CALIBRATION, CALIBRATION | {"calibration_id": 2, "from_at": "2026-02-01T00:00:00+00:00"}]},
        days={HOME_ID: damp_days()},
        weeks={HOME_ID: [damp_week()]},
    )  # fmt: skip


def damp_days() -> list[DampDay]:
    """What the analyst makes of the bedroom: ten damp hours a day; the factor is learned from the eighth day on."""
    return [
        DampDay(
            device="frog-0001", day=day, begins_at=datetime(2026, 1, day.day, tzinfo=UTC), n=48, expected=48,
            surface_hours=24, damp_hours_low=6, damp_hours=10, damp_hours_high=15,
            mould={"sensitive": {"index": 0.25, "highest": 0.5, "hours": 24}}, factor=0.75, factor_low=0.5, factor_high=1.0,
            factor_error=0.03125 if day.day >= 12 else None, factor_nights=9 if day.day >= 12 else None, flags=("gaps",),
            calibrations=(1,) if day.day >= 6 else (), rules="damp_mould@1",
        )
        for day in (FIRST + timedelta(days=n) for n in range(20))
    ]  # fmt: skip


def damp_week() -> DampWeek:
    """A finding of the last day, which rests on all of them."""
    return DampWeek(
        device="frog-0001", room="Bedroom", week=date(2026, 1, 19), to_day=LAST, cause="ventilation", confidence=0.75,
        risk="high", mould_index=0.25, evidence={"days": 20, "from_day": str(FIRST), "sentence": "Wet air."}, iso={"likeliest": 3},
        standard={"excess_pa": 420, "error_pa": 60}, monthly={}, rules="damp_cause@1",
        rests_from=datetime(2026, 1, 5, tzinfo=UTC), rests_to=datetime(2026, 1, 25, tzinfo=UTC),
    )  # fmt: skip


async def book() -> MemoryBook:
    made = MemoryBook({CODE: HOME_ID, "other": 8})
    case_id = await made.open_case(
        HOME_ID,
        "significant",
        hazard="damp and mould",
        landlord="Northgate #Homes",
        council_owned=False,
        at=NOW,
        by="Ada",
    )
    for kind, day in (("reported", 5), ("aware", 6)):
        event = CaseEvent(
            number=0, kind=kind, at_s=datetime(2026, 1, day, 9, tzinfo=UTC).timestamp(), by="Ada"
        )  # type: ignore[arg-type]
        await made.add_event(case_id, event, NOW)
    contact = a_contact(
        "phone", "Repairs line", "Black spots *behind* $x$ #panic() 🐸", NOW - timedelta(days=20), NOW, "Ada"
    )
    await made.log_contact(HOME_ID, contact)
    photo, jpeg = a_photo(
        photo_bytes(),
        caption="Behind the bed",
        room="Bedroom",
        taken_at=datetime(2026, 1, 8, 18, tzinfo=UTC),
        now=NOW,
        by="Ada",
    )
    await made.add_photo(HOME_ID, photo, jpeg, None)
    return made


WHY = "Made by Ada, who lives in the home."
ORDER = Order(code=CODE, from_day=FIRST, to_day=LAST, made_at=NOW, by="Ada", scope=Scope(why=WHY))


async def packed(
    *, diary: bool = False, signer: Signer = KEY, found: EvidenceSource | None = None, order: Order = ORDER
) -> tuple[bytes, Pack]:
    """Return a pack as bytes, and what is remembered of it."""
    used, books, out = found or source(), await book(), io.BytesIO()
    law, days = load_law()
    shop = Workshop(used, used, FiguresFromReadings, books, books, law, days, signer)
    pack = await make_pack(shop, replace(order, diary=diary), out)
    return out.getvalue(), pack


@cache
def a_pack() -> bytes:
    """The same pack each time."""
    return asyncio.run(packed())[0]
