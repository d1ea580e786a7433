"""``cityops doctor`` of devices' certificates."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
from cryptography.hazmat.primitives.asymmetric import ec

from cityops.settings import Settings
from devices.contract.provisioning import ClaimRequest
from ops_api.doctor_certificates import certificates, claims
from ops_api.provisioning.signing import DeviceAuthority
from tests.fakes.provisioned import NETWORK, WHO, authority, office_on, request_for


async def test_one_that_ends_soon_is_named_until_it_is_out_of_service(
    db_dsn: str, pg: psycopg.AsyncConnection[Any], tmp_path: Path
) -> None:
    async with office_on(db_dsn, DeviceAuthority(*authority(tmp_path))) as office:
        await office.desk.add("frog-1", "frog", WHO)
        code = (await office.desk.label("frog-1", WHO)).code
        csr = request_for(ec.generate_private_key(ec.SECP256R1()), "frog-1")
        request = ClaimRequest(code=code, install="c" * 32, csr=csr)
        await office.claiming.claim(request, NETWORK, datetime.now(UTC))
        assert await certificates(pg) == []
        await pg.execute("update device_credential set expires_at = now() + interval '20 days'")
        [found] = await certificates(pg)
        assert found.level == "warn"
        assert found.detail.startswith("1 ends within 21 days or has ended (0), and was not")
        assert "frog-1" in found.detail
        await pg.execute("update device_credential set expires_at = now() - interval '1 hour'")
        [found] = await certificates(pg)
        assert "(1)" in found.detail
        await office.desk.revoke("frog-1", WHO, "lost")
        assert await certificates(pg) == []


async def test_a_broker_that_devices_refuse_is_told(tmp_path: Path) -> None:
    assert await claims(Settings()) == []
    away = Settings.model_validate({"provisioning": {"host": "mqtt.council.example"}})
    [found] = await claims(away)
    assert "mqtt.council.example" in found.detail
    with_authority = {"host": "mqtt.council.example", "broker_ca": tmp_path / "ca.pem"}
    assert await claims(Settings.model_validate({"provisioning": with_authority})) == []
