"""Boards, alert rules and contact points into a running Grafana, again and again without a change.

What is pushed lives in one folder and carries our tag or label; nothing else is written,
and the tree of notification policies is never touched: the rules name their receiver
themselves. What is as it should be is left alone, so that a second push says "unchanged".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from dashboards.names import FOLDER_TITLE, FOLDER_UID, OWNER, OWNER_LABEL, RECEIVER, TAG
from dashboards.push_port import Document, Grafana, PushError
from dashboards.push_same import HIDDEN, NOT_CONTENT, same

Action = Literal["created", "updated", "unchanged", "removed", "left over"]


@dataclass(frozen=True, slots=True)
class Done:
    """What became of one thing (with ``dry_run``: what would become of it)."""

    kind: str
    name: str
    action: Action


@dataclass(frozen=True, slots=True)
class Wanted:
    """What Grafana should have; documents as its HTTP API takes them.

    Attributes:
        boards: by uid.
        rule_groups, contact_points: the platform's alarms; both empty where they are not pushed.
        datasource: with ``secureJsonData``, or None to leave it to others.
        message: kept with every version of a board.
    """

    boards: Mapping[str, Document]
    rule_groups: Sequence[Document] = ()
    contact_points: Sequence[Document] = ()
    datasource: Document | None = None
    message: str = "cityops grafana push"


def push(
    grafana: Grafana,
    wanted: Wanted,
    *,
    dry_run: bool = False,
    prune: bool = False,
    new_secrets: bool = False,
) -> Iterator[Done]:
    """Bring Grafana to what is wanted, one thing after the other, and yield what became of each.

    Args:
        grafana: to write to.
        wanted: what it should have.
        dry_run: only look.
        prune: remove what is ours by folder and mark and is wanted no more; without it such a thing is "left over".
        new_secrets: send the data source's password and the contact points' secrets even where nothing else differs:
            Grafana never tells them.

    Raises:
        PushError: at the first thing that can't be done; what was yielded is done.
    """
    act = _nothing if dry_run else _do
    if wanted.datasource is not None:
        yield _datasource(grafana, wanted.datasource, act, new_secrets)
    made = grafana.folder(FOLDER_UID) is None
    if made:
        act(lambda: grafana.create_folder(FOLDER_UID, FOLDER_TITLE))
    yield Done("folder", FOLDER_UID, "created" if made else "unchanged")
    yield from _contact_points(grafana, wanted.contact_points, act, new_secrets)
    for uid, board in wanted.boards.items():
        yield _board(grafana, uid, board, wanted.message, act)
    if wanted.rule_groups:
        rules = grafana.rules()
        _refuse_taken_rules(rules, wanted.rule_groups)
        for group in wanted.rule_groups:
            yield _rule_group(grafana, group, act)
    if not made:
        yield from _left_over(grafana, wanted, act if prune else None)


def _do(work: Callable[[], None]) -> None:
    work()


def _nothing(work: Callable[[], None]) -> None:
    """Only look."""


Act = Callable[[Callable[[], None]], None]


def _datasource(grafana: Grafana, source: Document, act: Act, new_secrets: bool) -> Done:
    uid = str(source["uid"])
    there = grafana.datasource(uid)
    if there is None:
        act(lambda: grafana.create_datasource(source))
        return Done("data source", uid, "created")
    secret = bool(there.get("secureJsonFields", {}).get("password"))
    plain = {key: value for key, value in source.items() if key != "secureJsonData"}
    if same(plain, there) and secret and not new_secrets:
        return Done("data source", uid, "unchanged")
    if there.get("readOnly"):
        raise PushError(f"the data source {uid} comes from a provisioning file of Grafana: change that file")
    act(lambda: grafana.update_datasource(source))
    return Done("data source", uid, "updated")


def _board(grafana: Grafana, uid: str, board: Document, message: str, act: Act) -> Done:
    there = grafana.board(uid)
    if there is None:
        act(lambda: grafana.save_board(board, FOLDER_UID, message))
        return Done("board", uid, "created")
    meta = there.get("meta") or {}
    if meta.get("folderUid", "") != FOLDER_UID:
        place = meta.get("folderTitle") or meta.get("folderUid") or "no folder"
        raise PushError(
            f"a board {uid} is in {place!r}, outside our folder: move it into {FOLDER_UID} or delete it"
        )
    content = {key: value for key, value in board.items() if key not in NOT_CONTENT}
    if same(content, there["dashboard"]):
        return Done("board", uid, "unchanged")
    if meta.get("provisioned"):
        raise PushError(
            f"the board {uid} comes from provisioning files of Grafana: change those, or take them away"
        )
    # With the version that was read: who saved since then is not overwritten, Grafana answers 412.
    version = there["dashboard"].get("version", 0)
    act(lambda: grafana.save_board({**board, "version": version}, FOLDER_UID, message))
    return Done("board", uid, "updated")


def _refuse_taken_rules(there: Sequence[Document], groups: Sequence[Document]) -> None:
    ours = {rule["uid"] for group in groups for rule in group["rules"]}
    for rule in there:
        if rule.get("uid") not in ours:
            continue
        if rule.get("folderUID") != FOLDER_UID:
            raise PushError(
                f"an alert rule {rule['uid']} is in the folder {rule.get('folderUID')!r}, outside ours: delete it there"
            )
        if rule.get("provenance") == "file":
            raise PushError(
                f"the alert rule {rule['uid']} comes from a provisioning file of Grafana: change that file, or take it"
                " away; or push with --no-alerts"
            )


def _rule_group(grafana: Grafana, group: Document, act: Act) -> Done:
    title = str(group["title"])
    there = grafana.rule_group(FOLDER_UID, title)
    if there is None:
        act(lambda: grafana.save_rule_group(group))
        return Done("alert rules", title, "created")
    by_uid = {rule.get("uid"): rule for rule in there.get("rules") or ()}
    ours = {rule["uid"] for rule in group["rules"]}
    fits = all(same(rule, by_uid.get(rule["uid"])) for rule in group["rules"])
    if fits and there.get("interval") == group["interval"]:
        return Done("alert rules", title, "unchanged")
    # The group is written as a whole: rules in it that are not ours stay in it.
    others = [rule for uid, rule in by_uid.items() if uid not in ours]
    act(lambda: grafana.save_rule_group({**group, "rules": [*group["rules"], *others]}))
    return Done("alert rules", title, "updated")


def _contact_points(
    grafana: Grafana, wanted: Sequence[Document], act: Act, new_secrets: bool
) -> Iterator[Done]:
    there = {point.get("uid"): point for point in grafana.contact_points()} if wanted else {}
    for point in wanted:
        uid = str(point["uid"])
        found = there.get(uid)
        if found is None:
            act(lambda p=point: grafana.create_contact_point(p))  # type: ignore[misc]
            yield Done("contact point", uid, "created")
        elif same(point, found) and not (new_secrets and HIDDEN in found.get("settings", {}).values()):
            yield Done("contact point", uid, "unchanged")
        elif found.get("name") != RECEIVER or found.get("provenance") == "file":
            whose = "from a provisioning file" if found.get("provenance") == "file" else "somebody else's"
            raise PushError(f"the contact point {uid} is {whose}: change it there, or push with --no-alerts")
        else:
            act(lambda p=point: grafana.update_contact_point(p))  # type: ignore[misc]
            yield Done("contact point", uid, "updated")


def _left_over(grafana: Grafana, wanted: Wanted, act: Act | None) -> Iterator[Done]:
    """Yield what is ours and wanted no more; with ``act`` it is removed."""
    action: Action = "left over" if act is None else "removed"
    act = act or _nothing
    for uid in grafana.boards_in(FOLDER_UID, TAG):
        if uid not in wanted.boards:
            act(lambda u=uid: grafana.delete_board(u))  # type: ignore[misc]
            yield Done("board", uid, action)
    if not wanted.rule_groups:
        return
    rules = {rule["uid"] for group in wanted.rule_groups for rule in group["rules"]}
    for rule in grafana.rules():
        mine = rule.get("folderUID") == FOLDER_UID and (rule.get("labels") or {}).get(OWNER_LABEL) == OWNER
        if mine and rule["uid"] not in rules:
            act(lambda u=rule["uid"]: grafana.delete_rule(u))  # type: ignore[misc]
            yield Done("alert rule", rule["uid"], action)
    points = {point["uid"] for point in wanted.contact_points}
    for point in grafana.contact_points():
        uid = str(point.get("uid"))
        mine = point.get("name") == RECEIVER and uid.startswith(f"{RECEIVER}-")
        if mine and uid not in points:
            act(lambda u=uid: grafana.delete_contact_point(u))  # type: ignore[misc]
            yield Done("contact point", uid, action)
