"""A sensor that is bound is in service: it never claims its name as a device with a card does."""

from __future__ import annotations

from tests.fakes.website import Site

ADD = (
    "with made as (insert into device (name, kind, shard, installed_at) values (%s, 'bin', 3, now()) returning device_id)"
    " insert into device_state (device_id, state) select device_id, %s from made returning device_id"
)
BIND = (
    "insert into lorawan_binding (dev_eui, device_id, codec_id, bound_by)"
    " select %s, %s, codec_id, 'gus' from lorawan_codec limit 1"
)


async def codec(site: Site) -> None:
    await site.sql(
        "insert into lorawan_codec (name, version, language, body, kind, created_by)"
        " values ('ours', 1, 'native', 'dragino-ldds75', 'bin', 'gus') on conflict do nothing"
    )


async def test_binding_is_claiming(site: Site) -> None:
    await codec(site)
    [(device,)] = await site.sql(ADD, "corn-bin", "unclaimed")
    await site.sql(BIND, "a84041000181c061", device)
    assert await site.sql("select state from device_state where device_id = %s", device) == [("active",)]
    assert await site.sql("select by, act, detail from device_act where device_id = %s", device) == [
        ("gus", "claimed", "by binding LoRaWAN sensor a84041000181c061")
    ]


async def test_binding_ends_no_quarantine(site: Site) -> None:
    await codec(site)
    [(device,)] = await site.sql(ADD, "odd-bin", "quarantined")
    await site.sql(BIND, "a84041000181c062", device)
    assert await site.sql("select state from device_state where device_id = %s", device) == [("quarantined",)]
    assert await site.sql("select from device_act where device_id = %s", device) == []
