"""What a LoRaWAN sensor that is kept out still sends is no sign of life."""

from __future__ import annotations

from dataclasses import replace

import pytest

from devices.contract.kind import discover
from ingest.bridge.judging import Page, batch_of
from ingest.core.batch import StatusRow
from ingest.core.decode import Decoder
from ingest.core.directory import Directory
from tests.fakes.ingest_setup import known_devices


@pytest.mark.parametrize(("refused", "told"), [("", True), ("quarantined", False), ("revoked", False)])
def test_its_uplinks_do_not_say_that_it_is_online(refused: str, told: bool) -> None:
    known = next(d for d in known_devices() if d.name == "bin-0")
    decoder = Decoder(Directory(discover(), [replace(known, refused=refused)]))
    row = StatusRow(device_id=known.device_id, status='{"online": true}', message=0)
    batch = batch_of(Page(statuses={known.device_id: row}), decoder, 0)
    assert batch.statuses == ({known.device_id: row} if told else {})
    assert not decoder.refuses(-1), "nobody is refused who is not known"
