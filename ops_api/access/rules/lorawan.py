"""Rules of routes: codecs of LoRaWAN sensors, which sensor is which device, SenML. For who manages devices."""

from __future__ import annotations

from collections.abc import Mapping

from ops_api.access.model import Role, Rule
from ops_api.access.rules.words import OPEN, may, may_change

_READ = may(Role.DEVICES, scope="desk:read")
_WRITE = may_change(Role.DEVICES, scope="devices:write")
_PAGE = may(Role.DEVICES, page=True)
_PAGE_WRITE = may_change(Role.DEVICES, page=True)

RULES: Mapping[str, Rule] = {
    "POST /api/v1/senml/{device}": may_change(Role.DEVICES, scope="observations:write"),
    "GET /api/v1/devices/{name}/readings.senml": OPEN,
    "GET /api/v1/lorawan/codecs": _READ,
    "POST /api/v1/lorawan/codecs": _WRITE,
    "POST /api/v1/lorawan/codecs/try": _WRITE,  # it keeps nothing, and runs what was sent
    "GET /api/v1/lorawan/codecs/{name}": _READ,
    "GET /api/v1/lorawan/sensors": _READ,
    "POST /api/v1/lorawan/bindings": _WRITE,
    "DELETE /api/v1/lorawan/bindings/{dev_eui}": _WRITE,
    "GET /lorawan/codecs": _PAGE,
    "GET /lorawan/codecs/new": _PAGE,
    "POST /lorawan/codecs/new": _PAGE_WRITE,
    "GET /lorawan/codecs/{name}": _PAGE,
    "POST /lorawan/codecs/{name}/bind": _PAGE_WRITE,
    "POST /lorawan/codecs/{name}/unbind": _PAGE_WRITE,
}
