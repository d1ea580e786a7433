"""What apprise sends: mail, Teams, Slack, ntfy, Matrix, SMS gateways and some 170 more.

Its answer is yes or no, so a failure is tried again; and it can't be asked later.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from pydantic import SecretStr

from rules.core.notify.model import Notification, Sent

PLACE = "{address}"
_TYPES = {"info": "info", "warning": "warning", "major": "warning", "critical": "failure"}


class AppriseChannel:
    """:class:`rules.notify.ports.Channel` on one apprise URL.

    Args:
        name: what contacts call it.
        url: apprise's; ``{address}`` in it becomes the recipient's. It holds tokens: it is in no
            log, error or answer.
    """

    tells = False
    knows_repeats = False

    def __init__(self, name: str, url: SecretStr) -> None:
        self.name, self._url = name, url

    @property
    def needs_address(self) -> bool:
        """Whether it reaches somebody else with each address."""
        return PLACE in self._url.get_secret_value()

    def send(self, notification: Notification, timeout_s: float) -> Sent:
        """Send in this thread; returns within about three times ``timeout_s``, or hangs with the library."""
        if self.needs_address and not notification.address:
            return Sent(verdict="refused", error=f"{notification.recipient} has no address for {self.name}")
        found = self._notifier(notification.address, timeout_s)
        if found is None:
            return Sent(verdict="refused", error=f"apprise does not know the URL of channel {self.name}")
        try:
            done = found.notify(
                title=notification.title, body=notification.body, notify_type=_TYPES[notification.severity]
            )
        except Exception as error:  # its plugins raise what they like
            return Sent(verdict="retry", error=f"apprise: {type(error).__name__}")
        return Sent(verdict="sent") if done else Sent(verdict="retry", error="apprise could not send it")

    def state_of(self, reference: str, timeout_s: float) -> Sent | None:
        """Return None: it can't tell."""
        return None

    def _notifier(self, address: str, timeout_s: float) -> Any:
        """Return an ``apprise.Apprise`` for one address; None where the URL is not one of its."""
        import apprise  # 173 services: only who sends pays for them

        from rules.notify.channels.hide import silence

        silence()  # it sets up its logger when it is imported
        url = self._url.get_secret_value().replace(PLACE, quote(address, safe=""))
        limits = f"cto={timeout_s:g}&rto={timeout_s:g}"
        asset = apprise.AppriseAsset(app_id="cityops", app_desc="cityops", app_url="", async_mode=False)
        found = apprise.Apprise(asset=asset)
        return found if found.add(f"{url}{'&' if '?' in url else '?'}{limits}") else None
