"""Tables that tell of a household: what its frogs measured, what was worked out and written down, who lives there."""

from __future__ import annotations

from ops_api.privacy.core.model import How, Personal

_DAMP = "to tell a household whether its home is damp, and what to do"
_CASE = "a household's own record of its case with the landlord"
_ACCESS = "to let those in who live there, and nobody else"
_DESK = "to run the service: alarms and repairs of devices"
_YEAR = "until deleted; a year after moving out (retention.moved_out_days)"


def _one(
    table: str, what: str, purpose: str, keep: str, how: How = "deleted", why: str = "", export: str = "",
    names: tuple[str, ...] = (), documents: bool = False,
) -> Personal:  # fmt: skip
    return Personal(
        table=table,
        of="household",
        what=what,
        purpose=purpose,
        keep=keep,
        how=how,
        why=why,
        export=export,
        names=names,
        documents=documents,
    )


_MEASURED = (
    _one("frog_reading", "temperature and humidity of rooms, each few minutes", _DAMP, "24 months; with the stay", export="readings"),
    _one("diary_entry", "what a household did: showers, cooking, airing", _DAMP, _YEAR, export="diary"),
    _one("damp_day", "what a day's readings come to", _DAMP, "7 years, hours of it 2; with the stay", export="damp-days"),
    _one("moisture_event", "times at which somebody showered, cooked or aired", _DAMP, "2 years; with the stay", export="moisture-events"),
    _one("damp_finding", "why a home is damp, week by week", _DAMP, "7 years; with the stay", export="findings"),
    _one("damp_home", "what waits to be worked out", _DAMP, "as long as the home has a frog", "stays", "days by number, no figure of a home"),
    _one("damp_room", "which frog is worked out from when on", _DAMP, "as long as the home has a frog", "stays", "times of a device"),
    _one("subject_state", "what is true now, of a home its damp risk", _DAMP, "with the last stay", export="now"),
    _one("event", "what rules noticed, of a home showers and airing", _DAMP, "3 years; with the stay", documents=True),
    _one("decision", "what rules decided, of a home its risk with what it rested on", _DAMP, "for good; of a home with the stay"),
    _one("late_window", "readings that came late, and what they changed", _DAMP, "400 days; with the stay"),
    _one("rule_state", "what rules remember, of a home the last hours", _DAMP, "8 days", "expires"),
    _one("rule_checkpoint", "what rules remembered before, to begin again from", _DAMP, "8 to 30 days", "expires"),
    _one("calibration", "offsets of sensors", _DAMP, "as long as the device", "stays", "figures of a device", export="calibrations", names=("by", "withdrawn_by")),
)  # fmt: skip

_SERVICE = (
    _one("alarm", "alarms, of a home its damp risk or silent frogs", _DESK, "7 years after it is over; with the stay", "blanked", names=("acknowledged_by", "assignee", "closed_by")),
    _one("alarm_member", "what an alarm is of", _DESK, "with the alarm", "blanked"),
    _one("alarm_timer", "when somebody is told again", _DESK, "with the alarm"),
    _one("notification", "messages, to households of their cases", _DESK, "3 years; with the stay", "blanked", names=("recipient",)),
    _one("delivery_attempt", "how sending went", _DESK, "with the message"),
    _one("work_item", "devices to be mended, of a home its frogs", _DESK, "until deleted; with the stay", "blanked", names=("done_by", "assignee")),
    _one("dead_letter", "messages that could not be stored, as they came", _DESK, "30 to 90 days; with the stay"),
    _one("dead_letter_overflow", "how many more there were, by device", _DESK, "likewise", "stays", "numbers by device"),
    _one("rule_override", "limits set for a home or its frog, and why", _DESK, "7 years; its words with the stay", "blanked", names=("author", "withdrawn_by")),
    _one("device", "name and kind of a frog", _DESK, "as long as the device", "stays", "the installation's, not who lives there"),
    _one("device_status", "when a frog was heard, its battery", _DESK, "as long as the device", "stays", "health of a device"),
    _one("device_group_member", "in which groups a frog is set", _DESK, "as long as it is in it", "stays", "the installation"),
    _one("device_setting_version", "what a frog was told to be like", _DESK, "as long as the device", "stays", "settings of a device; nothing measured", names=("made_by",)),
    _one("device_setting_state", "what a frog says of its settings", _DESK, "as long as the device", "stays", "settings of a device; nothing measured"),
    _one("device_clock", "how a frog's clock goes", _DESK, "as long as the device", "stays", "numbers of a device"),
    _one("device_sequence", "numbers of messages received", _DESK, "as long as the device", "stays", "else what was deleted would come again"),
    _one("device_update", "which version of its program a frog runs", _DESK, "as long as the device", "stays", "health of a device"),
    _one("rollout_device", "how an update stands on a frog", _DESK, "as long as the device", "stays", "health of a device"),
    _one("update_pin", "that a frog keeps its version, who wanted it so, and why", _DESK, "until taken out", "stays", "health of a device", names=("pinned_by",)),
    _one("lorawan_inbox", "messages of LoRaWAN sensors as they came, of a home its sensor's", _DESK, "what is stored 7 days, what is not 30 to 90; of a home until it is stored"),
    _one("lorawan_binding", "which sensor is which device", _DESK, "as long as the device", "stays", "the installation's, not who lives there", names=("bound_by", "unbound_by")),
    _one("lorawan_device", "when a sensor was heard and how well, its battery", _DESK, "as long as the sensor is heard", "stays", "health of a device"),
    _one("lorawan_session", "numbers of messages received", _DESK, "as long as the device", "stays", "as with device_sequence"),
    _one("lorawan_downlink", "settings sent to a sensor", _DESK, "a year", "stays", "the installation's", names=("created_by",)),
    _one("sta_thing", "name of a frog, for its household's SensorThings", _DESK, "as long as the device", "stays", "as with the device"),
    _one("sta_location", "where a frog stands, likewise", _DESK, "as long as the device", "stays", "as with the device"),
    _one("sta_history", "since when it stands there, likewise", _DESK, "as long as the device", "stays", "as with the device"),
    _one("sta_feature", "what it measures, likewise", _DESK, "as long as the device", "stays", "as with the device"),
    _one("sta_datastream", "names of its fields, likewise", _DESK, "as long as the device", "stays", "as with the device"),
)  # fmt: skip

_WRITTEN = (
    _one("housing_case", "cases of damp and mould with the landlord", _CASE, _YEAR, "blanked", export="cases", names=("opened_by",)),
    _one("case_event", "what happened in a case", _CASE, _YEAR, "blanked", export="cases", names=("by",)),
    _one("contact_log", "calls and letters between a household and its landlord", _CASE, _YEAR, export="contacts", names=("by",)),
    _one("evidence_photo", "photos, encoded anew without metadata", _CASE, _YEAR, export="photos", names=("by",)),
    _one("evidence_pack", "which packs of evidence were made", _CASE, _YEAR, export="packs", names=("made_by",)),
    _one("home_contact", "where a household is reminded", _CASE, "until taken back, or who gave it leaves", export="reminding"),
)  # fmt: skip

_LIVES = (
    _one("resident", "a name of one's own choice", _ACCESS, "a year after moving out", export="household"),
    _one("household_member", "who lives where from when to when", _ACCESS, "a year after moving out", export="household"),
    _one("resident_session", "signed-in browsers: marks of tokens, times", _ACCESS, "with the resident"),
    _one("passkey", "public keys of passkeys, of residents and staff", _ACCESS, "with who has it"),
    _one("sign_in_step", "steps of a sign-in that has begun", _ACCESS, "a day", "expires"),
    _one("join_code", "marks of codes on labels and invitations", _ACCESS, "void with the next, or when somebody leaves", "stays", "marks; an invitation goes with who made it"),
    _one("join_try", "wrong codes by network, as a mark", _ACCESS, "two days", "expires"),
    _one("device_claim", "marks of claim codes on labels, and which home took the device", "to let the right device in, and the right household", "as long as the device", "stays", "the installation: no name of who lives there", names=("made_by",)),
    _one("device_state", "whether a device is in service, and why not", _DESK, "as long as the device", "stays", "words of who manages devices", documents=False),
    _one("device_credential", "what a device's password or certificate is checked with", "to let the right device in", "as long as the device", "stays", "a secret of a device, as a hash"),
    _one("device_install", "which cards showed themselves under a device's name", "to find copied identities", "the newest 20 by device", "stays", "numbers of cards, and times of their starts"),
    _one("claim_try", "wrong claim codes and rotations by network and device, as marks", _ACCESS, "two days", "expires"),
    _one("consent", "what is shown to whom, who said so", "to show the council what a household wants to show", "with the stay of who gave it", export="sharing"),
    _one("access_log", "who looked at a home, when and why", "to let a household check who looks", "3 years (retention.access_log_days)", "stays", "evidence for the household; numbers of homes and names of staff", export="looks", names=("who",)),
    _one("erasure", "that something was deleted: counts and times", "to show that it was done; not to bring it back", "for good", "stays", "counts; whose it was goes when it is done"),
    _one("home", "address, code, how many live there", "the installation", "as long as the home has a frog", "stays", "the landlord's installation"),
    _one("home_device", "which frog stands in which home and room", "the installation", "as long as it stands there", "stays", "the installation"),
    _one("home_device_past", "where frogs stood before", "the installation", "as long as the device", "stays", "whose readings are whose"),
    _one("ward_week", "homes at risk by ward and week", "public figures", "5 weeks", "stays", "counts of five and more are shown"),
    _one("summary.home_climate", "temperature and humidity over all homes", "public figures", "for good", "stays", "counts over at least five homes"),
    _one("summary.home_climate_due", "what of it waits to be added up", "public figures", "days", "expires"),
    _one("summary.ward", "what the map of wards tells", "public figures", "a week", "stays", "counts of at least five"),
)  # fmt: skip

HOUSEHOLD: tuple[Personal, ...] = (*_MEASURED, *_SERVICE, *_WRITTEN, *_LIVES)
