"""The rights of devices and services on a real broker, topic by topic."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import aiomqtt
import pytest

from cityops.embedded.mosquitto import EmbeddedMosquitto
from devices.contract.topics import DOWN, UP, Channel, topic
from ops_api.broker_access import access

DEVICES = {"frog-1": "secret-1", "frog-2": "secret-2"}
SERVICES = {
    "ingest": ("ingest", "pw-i"),
    "control": ("operator", "pw-o"),
    "lorawan": ("gateway", "pw-g"),
}


@pytest.fixture(scope="module")
def guarded(server_dir: Path) -> Iterator[EmbeddedMosquitto]:
    users = access(DEVICES, SERVICES)  # type: ignore[arg-type]
    with EmbeddedMosquitto(server_dir / "guarded-access", access=users) as started:
        yield started


def client(broker: EmbeddedMosquitto, user: str) -> aiomqtt.Client:
    service = user in SERVICES
    return aiomqtt.Client(
        broker.host,
        broker.service_port if service else broker.port,
        username=user,
        password=SERVICES[user][1] if service else DEVICES[user],
        identifier=f"{user}-any",
        protocol=aiomqtt.ProtocolVersion.V5,
    )


async def heard(broker: EmbeddedMosquitto, listener: str, sender: str, name: str) -> bool:
    """Whether ``listener``, subscribed to everything, hears ``sender`` on the topic."""
    async with client(broker, listener) as ear, client(broker, sender) as mouth:
        await ear.subscribe("#", qos=1)
        await mouth.publish(name, b"x", qos=1)
        try:
            async with asyncio.timeout(0.3):
                async for message in ear.messages:
                    if str(message.topic) == name:
                        return True
        except TimeoutError:
            pass
    return False


def of(device: str, channel: str) -> str:
    return topic(1, "frog", device, channel)  # type: ignore[arg-type]


@pytest.mark.parametrize("channel", sorted(UP))
async def test_ingest_hears_a_devices_own_topics_only(guarded: EmbeddedMosquitto, channel: Channel) -> None:
    assert await heard(guarded, "ingest", "frog-1", of("frog-1", channel))
    assert not await heard(guarded, "ingest", "frog-1", of("frog-2", channel))


@pytest.mark.parametrize(
    ("sender", "channel"), [("ingest", "receipt"), ("control", "desired"), ("control", "firmware")]
)
async def test_a_device_hears_what_is_for_it_only(
    guarded: EmbeddedMosquitto, sender: str, channel: str
) -> None:
    assert await heard(guarded, "frog-1", sender, of("frog-1", channel))
    assert not await heard(guarded, "frog-1", sender, of("frog-2", channel))


@pytest.mark.parametrize(
    ("sender", "channel"), [("ingest", "desired"), ("control", "receipt"), ("ingest", "reading")]
)
async def test_services_keep_to_their_role(guarded: EmbeddedMosquitto, sender: str, channel: str) -> None:
    assert not await heard(guarded, "lorawan", sender, of("frog-1", channel))
    assert not await heard(guarded, "frog-1", sender, of("frog-1", channel))


@pytest.mark.parametrize("channel", sorted(DOWN))
async def test_devices_do_not_command(guarded: EmbeddedMosquitto, channel: str) -> None:
    assert not await heard(guarded, "lorawan", "frog-1", of("frog-1", channel))


async def test_a_gateway_speaks_and_hears_for_devices(guarded: EmbeddedMosquitto) -> None:
    assert await heard(guarded, "ingest", "lorawan", of("frog-2", "reading"))
    assert await heard(guarded, "lorawan", "ingest", of("frog-2", "receipt"))


async def test_a_device_cannot_use_the_services_rights_by_their_client_id(guarded: EmbeddedMosquitto) -> None:
    assert not await heard(guarded, "frog-2", "frog-1", of("frog-1", "reading"))
