"""A Grafana that only keeps what it is told: the operations of ``api.json`` over HTTP, objects in memory.

Everything that does not fit Grafana 13.0's OpenAPI, asked or answered, is kept in ``violations``.
It adds what Grafana adds (ids, versions, defaults in queries) and hides what it hides.
"""

from __future__ import annotations

import copy
import json
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, unquote, urlsplit

from tests.fakes.grafana_api.contract import Operation, complaints, find

TOKEN = "glsa_only_of_a_test"
Answer = tuple[int, Any]


class State:
    """What is in the Grafana."""

    def __init__(self) -> None:
        self.folders: dict[str, dict[str, Any]] = {}
        self.boards: dict[str, dict[str, Any]] = {}
        self.groups: dict[tuple[str, str], dict[str, Any]] = {}
        self.points: list[dict[str, Any]] = []
        self.sources: dict[str, dict[str, Any]] = {}
        self.before: Callable[[str], None] = lambda _: None
        """Called with an operation's id before it is done: others change something meanwhile."""

    def add_board(self, uid: str, folder: str, **meta: Any) -> None:
        tags = meta.pop("tags", ["cityops"])
        board = {"uid": uid, "title": uid, "tags": tags, "version": 1, "id": 900}
        self.boards[uid] = {"dashboard": board, "meta": {"folderUid": folder, "folderTitle": folder, **meta}}

    # Operations, named after their ids.
    def getHealth(self, _: Any) -> Answer:
        return 200, {"database": "ok", "version": "13.0.0", "commit": "fake"}

    def getFolderByUID(self, _: Any, uid: str) -> Answer:
        found = self.folders.get(uid)
        return (200, found) if found else (404, {"message": "folder not found"})

    def createFolder(self, body: Any) -> Answer:
        if body["uid"] in self.folders:
            return 409, {"message": "a folder with that uid exists"}
        self.folders[body["uid"]] = {"uid": body["uid"], "title": body["title"], "version": 1}
        return 200, self.folders[body["uid"]]

    def search(self, _: Any, **query: list[str]) -> Answer:
        hits = []
        for uid, one in self.boards.items():
            board, folder = one["dashboard"], one["meta"]["folderUid"]
            tagged = set(query.get("tag", [])) <= set(board.get("tags", []))
            if folder in query.get("folderUIDs", [folder]) and tagged:
                hits.append({"uid": uid, "title": board["title"], "type": "dash-db", "folderUid": folder})
        return 200, hits

    def getDashboardByUID(self, _: Any, uid: str) -> Answer:
        found = self.boards.get(uid)
        return (200, found) if found else (404, {"message": "Dashboard not found"})

    def postDashboard(self, body: Any) -> Answer:
        board, folder = body["dashboard"], body["folderUid"]
        if folder not in self.folders:
            return 400, {"message": "folder not found"}
        there = self.boards.get(board["uid"])
        version = 0 if there is None else there["dashboard"]["version"]
        if there and there["meta"].get("provisioned"):
            return 400, {"message": "Cannot save provisioned dashboard"}
        if there and not body.get("overwrite") and board.get("version", 0) != version:
            return 412, {
                "message": "The dashboard has been changed by someone else",
                "status": "version-mismatch",
            }
        saved = {**board, "id": 1 + len(self.boards), "version": version + 1}
        self.boards[board["uid"]] = {
            "dashboard": saved,
            "meta": {"folderUid": folder, "folderTitle": self.folders[folder]["title"]},
        }
        told = {"uid": board["uid"], "id": saved["id"], "version": saved["version"], "status": "success"}
        return 200, {**told, "title": board["title"], "url": f"/d/{board['uid']}"}

    def deleteDashboardByUID(self, _: Any, uid: str) -> Answer:
        if uid not in self.boards:
            return 404, {"message": "Dashboard not found"}
        del self.boards[uid]
        return 200, {"message": "Dashboard deleted", "title": uid, "uid": uid}

    def getDataSourceByUID(self, _: Any, uid: str) -> Answer:
        found = self.sources.get(uid)
        return (200, _without_secrets(found)) if found else (404, {"message": "data source not found"})

    def addDataSource(self, body: Any) -> Answer:
        self.sources[body["uid"]] = {**body, "id": 1, "version": 1, "readOnly": False}
        found = _without_secrets(self.sources[body["uid"]])
        return 200, {"id": 1, "name": body["name"], "message": "Datasource added", "datasource": found}

    def updateDataSourceByUID(self, body: Any, uid: str) -> Answer:
        version = self.sources[uid]["version"] + 1
        self.sources[uid] = {**body, "id": 1, "version": version, "readOnly": False}
        found = _without_secrets(self.sources[uid])
        return 200, {"id": 1, "name": body["name"], "message": "Datasource updated", "datasource": found}

    def GetAlertRules(self, _: Any) -> Answer:
        return 200, [rule for group in self.groups.values() for rule in group["rules"]]

    def GetAlertRuleGroup(self, _: Any, folder: str, title: str) -> Answer:
        found = self.groups.get((folder, title))
        return (200, found) if found else (404, None)

    def PutAlertRuleGroup(self, body: Any, folder: str, title: str) -> Answer:
        names = {point["name"] for point in self.points}
        for rule in body["rules"]:
            told = rule.get("notification_settings", {}).get("receiver")
            if told is not None and told not in names:
                return 400, {"message": f"receiver {told!r} does not exist"}
        if folder not in self.folders:
            return 400, {"message": "folder not found"}
        rules = [_stored(rule, folder, title) for rule in body["rules"]]
        self.groups[folder, title] = {**body, "folderUid": folder, "title": title, "rules": rules}
        return 200, self.groups[folder, title]

    def DeleteAlertRule(self, _: Any, uid: str) -> Answer:
        for group in self.groups.values():
            group["rules"] = [rule for rule in group["rules"] if rule["uid"] != uid]
        return 204, None

    def GetContactpoints(self, _: Any) -> Answer:
        shown = copy.deepcopy(self.points)
        for point in shown:
            if "url" in point["settings"]:
                point["settings"]["url"] = "[REDACTED]"
        return 200, shown

    def PostContactpoints(self, body: Any) -> Answer:
        if body["type"] == "email" and not body["settings"].get("addresses"):
            return 400, {"message": "could not find addresses in settings"}
        self.points.append(body)
        return 202, body

    def PutContactpoint(self, body: Any, uid: str) -> Answer:
        self.points = [body if point["uid"] == uid else point for point in self.points]
        return 202, {"message": "contactpoint updated"}

    def DeleteContactpoints(self, _: Any, uid: str) -> Answer:
        self.points = [point for point in self.points if point["uid"] != uid]
        return 202, None


def _without_secrets(source: dict[str, Any]) -> dict[str, Any]:
    shown = {key: value for key, value in source.items() if key != "secureJsonData"}
    return {**shown, "secureJsonFields": dict.fromkeys(source.get("secureJsonData", {}), True)}


def _stored(rule: dict[str, Any], folder: str, title: str) -> dict[str, Any]:
    stored = copy.deepcopy(rule) | {"id": 7, "folderUID": folder, "ruleGroup": title, "provenance": ""}
    stored["for"] = stored["for"].replace("m", "m0s") if stored["for"].endswith("m") else stored["for"]
    for part in stored["data"] or ():
        part["model"] = {"intervalMs": 1000, "maxDataPoints": 43200, **part["model"]}
    return stored


class FakeGrafana(AbstractContextManager["FakeGrafana"]):
    """The server: ``url`` is where it is.

    Attributes:
        state: what is in it.
        asked: method and path of every request that changes something.
        violations: what did not fit Grafana's API.
        fault: (operation's id, status, seconds to wait): that operation answers so.
    """

    def __init__(self) -> None:
        self.state = State()
        self.asked: list[str] = []
        self.violations: list[str] = []
        self.fault: tuple[str, int, float] | None = None
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, method: str, target: str, headers: Any, body: Any) -> Answer:
        parts = urlsplit(target)
        path = unquote(parts.path.removeprefix("/api"))
        found = find(method, path) if parts.path.startswith("/api/") else 404
        if isinstance(found, int):
            self.violations.append(f"{method} {path}: {found}")
            return found, {"message": "not found" if found == 404 else "method not allowed"}
        op, parameters = found
        if op.id != "getHealth" and headers.get("Authorization") != f"Bearer {TOKEN}":
            return 401, {"message": "Invalid API key"}
        query = parse_qs(parts.query)
        wrong = complaints(op.body, body) + [f"?{name}" for name in query if name not in op.query]
        if "X-Disable-Provenance" in headers and "X-Disable-Provenance" not in op.headers:
            wrong.append("X-Disable-Provenance")
        self.violations += [f"asked {op.id}: {what}" for what in wrong]
        if wrong:
            return 400, {"message": "; ".join(wrong)}
        return self._done(op, parameters, query, body)

    def _done(
        self, op: Operation, parameters: tuple[str, ...], query: dict[str, list[str]], body: Any
    ) -> Answer:
        if op.method != "GET":
            self.asked.append(f"{op.method} {op.id} {' '.join(parameters)}".strip())
        if self.fault is not None and self.fault[0] == op.id:
            time.sleep(self.fault[2])
            return self.fault[1], {"message": "as the test wants it"}
        self.state.before(op.id)
        status, answer = getattr(self.state, op.id)(body, *parameters, **query)
        if str(status) not in op.answers:
            self.violations.append(f"answered {op.id}: {status}")
        else:
            wrong = complaints(op.answers[str(status)], answer) if answer is not None else []
            self.violations += [f"answered {op.id}: {what}" for what in wrong if op.answers[str(status)]]
        return status, answer


def _handler(fake: FakeGrafana) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _any(self) -> None:
            size = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(size)) if size else None
            status, answer = fake.answer(self.command, self.path, self.headers, body)
            text = b"" if answer is None else json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = _any

        def log_message(self, *_: object) -> None:
            """Nothing on the screen."""

    return Handler
