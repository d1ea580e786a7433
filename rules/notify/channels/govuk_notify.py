"""GOV.UK Notify: text messages and mail of UK public bodies.

Its reference is our key, so that after a crash it can be asked whether it has the message.
Statuses: https://docs.notifications.service.gov.uk/python.html#get-message-status (July 2026).
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import SecretStr

from rules.core.notify.model import Notification, Sent, Verdict
from rules.notify.channels.hide import hide

STATUSES: dict[str, Verdict] = {
    "created": "sent",
    "sending": "sent",
    "pending": "sent",
    "sent": "sent",
    "delivered": "delivered",
    "permanent-failure": "refused",
    "temporary-failure": "retry",
    "technical-failure": "retry",
}


class GovukNotifyChannel:
    """:class:`rules.notify.ports.Channel` for one kind of message.

    Args:
        name: what contacts call it.
        kind: ``sms`` or ``email``.
        key: API key of the service.
        template_id: its text must have the places ``((title))`` and ``((body))``.
        base_url: for a stand-in in tests.
    """

    tells = True
    knows_repeats = False

    def __init__(
        self, name: str, kind: Literal["sms", "email"], key: SecretStr, template_id: str, base_url: str
    ) -> None:
        self.name, self._kind, self._key = name, kind, key
        self._template_id, self._base_url = template_id, base_url

    def send(self, notification: Notification, timeout_s: float) -> Sent:
        """Hand it over."""
        if not notification.address:
            return Sent(verdict="refused", error=f"{notification.recipient} has no address for {self.name}")
        given = {
            "template_id": self._template_id,
            "personalisation": {"title": notification.title, "body": notification.body},
            "reference": notification.key,
        }
        client = self._client(timeout_s)
        try:
            if self._kind == "sms":
                client.send_sms_notification(notification.address, **given)
            else:
                client.send_email_notification(notification.address, **given)
        except Exception as error:  # HTTPError, and whatever requests raises
            return self._failure(error, notification.address)
        return Sent(verdict="sent", reference=notification.key)

    def state_of(self, reference: str, timeout_s: float) -> Sent | None:
        """Return the newest message's state with this reference."""
        try:
            found = self._client(timeout_s).get_all_notifications(reference=reference)["notifications"]
        except Exception as error:
            return Sent(verdict="unknown", error=self._failure(error).error)
        if not found:
            return Sent(verdict="retry", error="GOV.UK Notify does not have it")
        status = str(max(found, key=lambda n: str(n["created_at"]))["status"])
        verdict = STATUSES.get(status, "sent")
        said = "" if verdict in ("sent", "delivered") else f"GOV.UK Notify: {status}"
        return Sent(verdict=verdict, reference=reference, error=said)

    def _client(self, timeout_s: float) -> Any:
        from notifications_python_client.notifications import NotificationsAPIClient

        make: Any = NotificationsAPIClient  # it carries no types
        return make(self._key.get_secret_value(), base_url=self._base_url, timeout=timeout_s)

    def _failure(self, error: Exception, address: str = "") -> Sent:
        status = getattr(error, "status_code", None)
        if not isinstance(status, int) or getattr(error, "response", None) is None:
            # No answer: the client calls that 503 too. It may have the message; it is asked first.
            return Sent(verdict="unknown", error="GOV.UK Notify did not answer")
        said = hide(f"GOV.UK Notify: {status} {getattr(error, 'message', '')}", address)
        if status == 429 or status >= 500:
            return Sent(verdict="retry", error=said)
        return Sent(verdict="refused", error=said)
