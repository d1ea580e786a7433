"""What routes of device managers share: the desk, who acts, and refusals in words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from fastapi import HTTPException, Request

from ops_api.access.model import Principal
from ops_api.provisioning.desk import DeviceDesk, NoSuchDeviceError
from ops_api.provisioning.ports import ProvisioningRefusedError
from ops_api.queries import Row
from ops_api.routers.context import Context

SIGNED_MOST = 120
"""Characters that a device's history has for who acted."""


def desk_in(ctx: Context) -> DeviceDesk:
    """Return the device manager's desk; 503 where there is none."""
    if ctx.devices is None:
        raise HTTPException(503, "Devices are not managed here.")
    return ctx.devices.desk


def acting(who: Principal) -> str:
    """Return who acts, for the device's history: of a program whose key it is, and which."""
    if who.kind == "program":
        return f"{who.owner} by key {who.id}: {who.name}"[:SIGNED_MOST]
    return who.name or f"{who.kind} {who.id}"


@contextmanager
def in_words() -> Iterator[None]:
    """Turn refusals into answers: 404 for a device that there is not, 409 for the rest."""
    try:
        yield
    except NoSuchDeviceError as e:
        raise HTTPException(404, f"{e}."[:1].upper() + f"{e}."[1:]) from e
    except ProvisioningRefusedError as e:
        raise HTTPException(409, str(e)) from e


async def found(ctx: Context, request: Request, name: str) -> Row:
    """Return a device, which the audit is told of by its number."""
    with in_words():
        device = await desk_in(ctx).of(name)
    request.state.about = f"device:{device['device_id']}"
    return device
