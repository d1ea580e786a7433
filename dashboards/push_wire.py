"""Grafana's HTTP API through grafana-client: the only file that knows either.

The library is in an extra of its own and imported here when a push begins: it replaces
``urllib3`` for the whole environment. Calls are those that Grafana 13.0's OpenAPI has
(docs/grafana.md); ids are never used, Grafana 13 knows uids only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from cityops.errors import ConfigurationError
from dashboards.names import FOLDER_UID
from dashboards.push_port import Document, PushError

_MANY = 5000
_NOT_FOUND = 404
_WORDS = {
    400: "Grafana refuses {what} (400): {said}",
    401: "Grafana does not take the token (401): it is wrong, ran out, or belongs to another organisation; make a "
    "new one for the service account and put it into CITYOPS_GRAFANA__TOKEN",
    403: "the token may not {what} (403): give its service account the role Editor (Admin for the data source)",
    404: "Grafana knows no way to {what} (404): is CITYOPS_GRAFANA__URL its start page, and is it 12.4 or newer?",
    409: "Grafana can't {what} (409): {said}",
    412: "somebody else changed it while we pushed: could not {what} (412): see its versions in Grafana, then push again",
    422: "Grafana refuses {what} (422): {said}",
}


class Wire:
    """A running Grafana, by its address and a service account's token."""

    def __init__(self, url: str, token: str, timeout_s: float) -> None:
        try:
            import grafana_client
            import niquests.exceptions
        except ModuleNotFoundError as error:
            raise ConfigurationError(
                "pushing needs the library grafana-client: install cityops[grafana], best into an environment of "
                "its own (docs/grafana.md)"
            ) from error
        parts = urlsplit(url)
        path = parts.path.strip("/")
        self._api = grafana_client.GrafanaApi(
            auth=grafana_client.TokenAuth(token),
            host=parts.hostname or "",
            port=parts.port,
            url_path_prefix=f"{path}/" if path else "",
            protocol=parts.scheme,
            timeout=timeout_s,
        )
        self._url, self._timeout_s = url, timeout_s
        self._errors = grafana_client.client.GrafanaException
        self._timeouts = grafana_client.client.GrafanaTimeoutError
        self._network = niquests.exceptions.RequestException
        self._not_json = niquests.exceptions.JSONDecodeError

    def version(self) -> str:
        """Return Grafana's version; the one call that needs no token."""
        return str(
            self._ask("be asked for its version", lambda: self._api.client.GET("/health")).get("version")
        )

    def folder(self, uid: str) -> Document | None:
        """Return a folder."""
        return self._find(f"read the folder {uid}", lambda: self._api.folder.get_folder(uid))

    def create_folder(self, uid: str, title: str) -> None:
        """Make a folder at the top."""
        self._ask(f"make the folder {uid}", lambda: self._api.folder.create_folder(title, uid))

    def board(self, uid: str) -> Document | None:
        """Return a board with its ``meta``."""
        return self._find(f"read the board {uid}", lambda: self._api.dashboard.get_dashboard(uid))

    def boards_in(self, folder_uid: str, tag: str) -> list[str]:
        """Return the uids of the boards in a folder that have a tag."""
        search = self._api.search.search_dashboards
        found = self._ask(
            f"list the boards of {folder_uid}",
            lambda: search(folder_uids=[folder_uid], tag=[tag], type_="dash-db", limit=_MANY),
            list,
        )
        return [str(row["uid"]) for row in found if row.get("folderUid") == folder_uid]

    def save_board(self, board: Document, folder_uid: str, message: str) -> None:
        """Make a board, or a new version of it where nobody saved one since."""
        body = {"dashboard": dict(board), "folderUid": folder_uid, "message": message, "overwrite": False}
        self._ask(f"save the board {board['uid']}", lambda: self._api.dashboard.update_dashboard(body))

    def delete_board(self, uid: str) -> None:
        """Remove a board."""
        self._ask(f"remove the board {uid}", lambda: self._api.dashboard.delete_dashboard(uid))

    def rules(self) -> list[Document]:
        """Return all alert rules."""
        return list(self._ask("list alert rules", self._api.alertingprovisioning.get_alertrules_all, list))

    def rule_group(self, folder_uid: str, title: str) -> Document | None:
        """Return a group of alert rules."""
        get = self._api.alertingprovisioning.get_rule_group
        return self._find(f"read the alert rules {title!r}", lambda: get(folder_uid, title))

    def save_rule_group(self, group: Document) -> None:
        """Make or replace a group; its rules stay editable in Grafana."""
        put, title = self._api.alertingprovisioning.update_rule_group, group["title"]
        self._ask(
            f"save the alert rules {title!r}",
            lambda: put(FOLDER_UID, title, dict(group), disable_provenance=True),
        )

    def delete_rule(self, uid: str) -> None:
        """Remove an alert rule."""
        remove = self._api.alertingprovisioning.delete_alertrule
        self._ask(f"remove the alert rule {uid}", lambda: remove(uid), object)

    def contact_points(self) -> list[Document]:
        """Return all contact points, one row for each integration."""
        return list(self._ask("list contact points", self._api.alertingprovisioning.get_contactpoints, list))

    def create_contact_point(self, point: Document) -> None:
        """Make an integration of a contact point."""
        post = self._api.alertingprovisioning.create_contactpoint
        self._ask(
            f"make the contact point {point['uid']}", lambda: post(dict(point), disable_provenance=True)
        )

    def update_contact_point(self, point: Document) -> None:
        """Replace an integration of a contact point."""
        put, uid = self._api.alertingprovisioning.update_contactpoint, point["uid"]
        self._ask(f"change the contact point {uid}", lambda: put(uid, dict(point), disable_provenance=True))

    def delete_contact_point(self, uid: str) -> None:
        """Remove an integration of a contact point."""
        remove = self._api.alertingprovisioning.delete_contactpoint
        self._ask(f"remove the contact point {uid}", lambda: remove(uid), object)

    def datasource(self, uid: str) -> Document | None:
        """Return a data source, without its secrets."""
        return self._find(
            f"read the data source {uid}", lambda: self._api.datasource.get_datasource_by_uid(uid)
        )

    def create_datasource(self, source: Document) -> None:
        """Make a data source."""
        post = self._api.datasource.create_datasource
        self._ask(f"make the data source {source['uid']}", lambda: post(dict(source)))

    def update_datasource(self, source: Document) -> None:
        """Replace a data source."""
        put, uid = self._api.datasource.update_datasource_by_uid, source["uid"]
        self._ask(f"change the data source {uid}", lambda: put(uid, dict(source)))

    def _find(self, what: str, call: Callable[[], Any]) -> Document | None:
        try:
            return dict(self._answer(call, Mapping))
        except self._errors as error:
            if error.status_code == _NOT_FOUND:
                return None
            raise self._in_words(what, error) from error

    def _ask(self, what: str, call: Callable[[], Any], kind: type[Any] = Mapping) -> Any:
        try:
            return self._answer(call, kind)
        except self._errors as error:
            raise self._in_words(what, error) from error

    def _answer(self, call: Callable[[], Any], kind: type[Any]) -> Any:
        try:
            answer = call()
        except self._not_json as error:
            if kind is object:  # a removal may be answered with nothing
                return None
            raise self._not_grafana() from error
        except self._network as error:
            raise PushError(f"can't reach Grafana at {self._url}: {type(error).__name__}") from error
        if not isinstance(answer, kind):
            raise self._not_grafana()
        return answer

    def _not_grafana(self) -> PushError:
        return PushError(f"{self._url} answers, but not as Grafana does: a login page or a proxy before it?")

    def _in_words(self, what: str, error: Any) -> PushError:
        if isinstance(error, self._timeouts):
            return PushError(
                f"Grafana at {self._url} did not answer within {self._timeout_s:g} s, asked to {what}; "
                "look whether it was done, or just push again"
            )
        status = int(error.status_code)
        response = error.response if isinstance(error.response, Mapping) else {}
        said = str(response.get("message") or "no reason given")[:300]
        words = _WORDS.get(
            status, "Grafana failed (" + str(status) + ") when asked to {what}: {said}; try again later"
        )
        return PushError(words.format(what=what, said=said))
