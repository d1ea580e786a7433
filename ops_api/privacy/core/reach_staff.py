"""Tables that tell of staff: accounts, who is on duty, and who did what when."""

from __future__ import annotations

from ops_api.privacy.core.model import How, Personal

_PUBLIC_TASK = "official acts: who ordered, closed, treated or collected what is evidence of a public task"
_ACT = "to answer for what the council did"
_GOOD = "for good: claims come after years"


def _one(
    table: str,
    what: str,
    purpose: str,
    keep: str,
    how: How = "deleted",
    why: str = "",
    names: tuple[str, ...] = (),
    documents: bool = False,
) -> Personal:
    return Personal(
        table=table,
        of="staff",
        what=what,
        purpose=purpose,
        keep=keep,
        how=how,
        why=why,
        names=names,
        documents=documents,
    )


def _act(table: str, what: str, *names: str, keep: str = _GOOD) -> Personal:
    return _one(table, what, _ACT, keep, "stays", _PUBLIC_TASK, names or ("by",))


_ACCOUNTS = (
    _one("account", "name, roles, last day of use", "to let staff in", "a year without use (retention.account_days)", names=("name", "label", "made_by")),
    _one("account_password", "passwords, as argon2id", "to let staff in", "with the account"),
    _one("account_totp", "secrets of authenticators, sealed", "to let staff in", "with the account"),
    _one("recovery_code", "marks of codes for a lost authenticator", "to let staff in", "with the account"),
    _one("staff_session", "signed-in browsers: marks of tokens, browser's name, times", "to end sessions of a lost device", "30 days after its end (retention.session_days)"),
    _one("api_key", "marks of keys of programs, and what each is for", "to let programs in", "with the account; 30 days after its end (retention.session_days)"),
    _one("sign_in_try", "wrong passwords, as marks of account and network", "against guessing", "two days", "expires"),
    _one("audit_entry", "who saw or changed what, residents of their homes too: numbers, no names", "to answer for who looked and who changed", "7 years (retention.audit_days)", "stays", "a chain that proves that no line was changed; ids of accounts and residents, which say nobody's name once these are gone"),
)  # fmt: skip

_DUTY = (
    _one("person", "who is on duty: name, roles, quiet hours", "to call who is on duty", "until taken out", names=("person", "label")),
    _one("contact", "where they are called", "to call who is on duty", "until taken out", names=("person",)),
    _one("rota_shift", "who is on duty when", "to call who is on duty", "until the next rota", names=("person",)),
)  # fmt: skip

_ACTS = (
    _act("alarm_log", "who acknowledged, noted, assigned, closed an alarm", "by", keep="with the alarm: 7 years"),
    _act("work_item_log", "who did what about a repair", "by", keep="with the repair"),
    _act("device_act", "who registered, labelled, revoked or released a device", keep="as long as the device"),
    _act("treatment_act", "who ordered or refused a treatment, and why"),
    _act("winter_plan", "who published a plan"),
    _act("winter_roster", "who set the roster"),
    _act("winter_score", "who looked at a night's figures"),
    _act("lorry_service", "which lorry was out of service, who said so"),
    _act("round_plan", "who published a round"),
    _act("round_fleet", "who set the fleet"),
    _act("round_lorry_service", "which lorry was out of service, who said so"),
    _act("road_closure", "who closed a road, and why"),
    _act("road_opening", "who opened it"),
    _act("what_if", "who asked what a closure would do", keep="30 days"),
    _act("emergency_roster", "who set the roster of emergencies"),
    _one("incident", "incidents, with who owns them", _ACT, _GOOD, "stays", _PUBLIC_TASK, documents=True),
    _act("incident_act", "who did what in an incident"),
    _one("incident_signal", "what an incident rests on; nothing of homes", _ACT, _GOOD, "stays", _PUBLIC_TASK),
    _act("bin_ledger_setting", "who set what the bins' ledger counts", "made_by"),
    _one("bin_statement", "monthly statements of collections", _ACT, _GOOD, "stays", _PUBLIC_TASK),
    _act("catalogue_log", "who changed rules, and why"),
    _act("catalogue_version", "who made a version of the rules", "created_by"),
    _act("bundle_key", "who made a key of updates known", "added_by"),
    _act("bundle", "who added a version of devices' program", "added_by"),
    _act("rollout", "who began to roll a version out", "created_by"),
    _act("rollout_event", "who halted, resumed or cancelled it, and why", "by"),
    _act("lorawan_codec", "who wrote a decoder of LoRaWAN sensors", "created_by"),
    _act("lorawan_source", "who added a LoRaWAN server", "created_by"),
    _act("weather_forecast", "who sent a forecast", keep="7 years"),
    _act("lab_fault", "who switched a fault of the simulated town", "made_by", "ended_by"),
    _act("setting_change", "who set what of devices, and why", "made_by"),
    _act("device_group", "who made a group of devices", "made_by", keep="until removed"),
    _act("webhook", "who set up a receiver of alarms", "created_by", keep="until taken out"),
)  # fmt: skip

STAFF: tuple[Personal, ...] = (*_ACCOUNTS, *_DUTY, *_ACTS)
