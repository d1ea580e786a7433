"""A device's updates without an agent: bundles, keys, a card, a server that answers asks."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from devices.agent.clock_state import Moment
from devices.agent.update.files import Files, RealFiles
from devices.agent.update.part import Updates
from devices.agent.update.section import UpdateSection
from devices.agent.update.settings import UpdateSettings
from devices.agent.update.stager import InlineStager
from devices.contract.update.manifest import Signed, read_keys
from devices.contract.update.messages import PIECE_BYTES, Firmware, Offer, piece
from ingest.fleet.bundles.build import Opened, Wanted, build, open_bundle
from ingest.fleet.bundles.keys import SigningKey, make_key, make_list

MADE_AT = 1_790_000_000
NOW_MS = (MADE_AT + 3600) * 1000


@dataclass
class Council:
    """Who signs."""

    root: SigningKey = field(default_factory=make_key)
    release: SigningKey = field(default_factory=make_key)

    def keys(self, serial: int = 1, release: SigningKey | None = None) -> Signed:
        return make_list(serial, MADE_AT, [self.root.key], [(release or self.release).key], [self.root])

    def bundle(
        self,
        serial: int,
        contents: dict[str, bytes] | None = None,
        key: SigningKey | None = None,
        **more: Any,
    ) -> tuple[bytes, Opened]:
        files = contents or {
            "code/devices/agent/__main__.py": f"print({serial})".encode(),
            "code/data.bin": random.Random(serial).randbytes(60_000),
        }
        handed, against = more.pop("keys", None), more.pop("against", None)
        wanted = Wanted(
            **{
                "name": "agent", "version": f"1.{serial}", "serial": serial, "made_at": MADE_AT,
                "expires_at": MADE_AT + 86_400 * 180, **more,
            }
        )  # fmt: skip
        body = build(files, wanted, key or self.release, handed, against)
        listed = (
            read_keys(self.keys(release=key).text.encode())
            if handed is None
            else read_keys(handed.text.encode())
        )
        return body, open_bundle(body, listed)


class Voice:
    """The wire: what the device says is answered at once by a server with one bundle."""

    def __init__(self) -> None:
        self.connected = True
        self.said: list[dict[str, Any]] = []

    def say(self, channel: str, payload: bytes, *, retain: bool = False) -> bool:
        assert channel == "ask"
        assert not retain
        if self.connected:
            self.said.append(json.loads(payload))
        return self.connected


class Table:
    """One device on the table: parts are made anew with each start, the card stays."""

    def __init__(self, root: Path, council: Council, files: Files | None = None, **section: Any) -> None:
        self.root = root
        self.council = council
        self.files = files or RealFiles()
        self.voice = Voice()
        self.now_s = 0.0
        self.rng = random.Random(1)
        self.keys_file = root / "card-keys.json"
        root.mkdir(parents=True, exist_ok=True)
        if not self.keys_file.exists():
            self.keys_file.write_bytes(msgspec.json.encode(council.keys()))
        self.section = UpdateSection(
            keys_file=str(self.keys_file), start_within_s=0, rate_bytes_s=10_000_000, **section
        )

    def start(self, slot: str = "factory") -> Updates:
        settings = UpdateSettings(
            kind="frog", slot=slot, section=self.section, machine="aarch64", python=(3, 11), pieces=2
        )
        self.part = Updates(
            self.files, self.root / "update", settings, InlineStager(self.files), self.rng, lambda: self.now_s
        )
        self.part.measured((1, 0), self.moment, {"temperature_c": 20.0})
        return self.part

    @property
    def moment(self) -> Moment:
        return Moment(NOW_MS + round(self.now_s * 1000), round(self.now_s * 1000))

    def hear(self, offer: Offer | None = None, withdraw: str = "") -> None:
        self.part.heard("firmware", msgspec.json.encode(Firmware(offer=offer, withdraw=withdraw)), self.voice)

    def turn(self, body: bytes = b"", seconds: float = 1.0) -> None:
        """A turn of the loop, after which pieces that were asked for come."""
        asked = len(self.voice.said)
        self.part.turn(self.moment, self.voice)
        self.now_s += seconds
        for ask in self.voice.said[asked:]:
            if ask["ask"] == "chunk":
                for n in range(ask["count"]):
                    at = ask["from"] + n * PIECE_BYTES
                    if part := body[at : at + PIECE_BYTES]:
                        self.part.heard("firmware", piece(ask["bundle"], at, part), self.voice)

    def turns(self, body: bytes, most: int = 200) -> None:
        """Turn until the device wants to start anew, or is idle."""
        for _ in range(most):
            self.turn(body)
            if self.part.restart_wanted or self.part.state.phase == "idle":
                return


def offer_of(opened: Opened, attempt: int = 1) -> Offer:
    manifest = opened.manifest
    return Offer(
        bundle=opened.bundle_id,
        serial=manifest.serial,
        version=manifest.version,
        size=opened.size,
        unpacked=manifest.unpacked_bytes,
        attempt=attempt,
    )
