"""paho-mqtt, without what it loads and a device never uses: of its start a tenth, and two megabytes.

``paho.mqtt.client`` imports ``urllib.request``, and with it ``http.client`` and the whole of ``email``, for proxies
that take a third library (PySocks). So a stand-in lies there while paho is imported, which becomes the real module as
soon as anybody asks it for anything.
"""

from __future__ import annotations

import importlib
import sys
import urllib
from types import ModuleType

_NAME = "urllib.request"


def _stand_in() -> ModuleType:
    made = ModuleType(_NAME)

    def ask(attribute: str) -> object:
        if sys.modules.get(_NAME) is made:
            del sys.modules[_NAME]
        return getattr(importlib.import_module(_NAME), attribute)

    made.__dict__["__getattr__"] = ask  # PEP 562
    return made


if _NAME not in sys.modules:
    sys.modules[_NAME] = urllib.request = _stand_in()

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage, MQTTv5  # noqa: E402
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode  # noqa: E402
from paho.mqtt.packettypes import PacketTypes  # noqa: E402
from paho.mqtt.properties import Properties  # noqa: E402
from paho.mqtt.reasoncodes import ReasonCode  # noqa: E402
from paho.mqtt.subscribeoptions import SubscribeOptions  # noqa: E402

__all__ = [
    "CallbackAPIVersion",
    "Client",
    "ConnectFlags",
    "DisconnectFlags",
    "MQTTErrorCode",
    "MQTTMessage",
    "MQTTv5",
    "PacketTypes",
    "Properties",
    "ReasonCode",
    "SubscribeOptions",
]
