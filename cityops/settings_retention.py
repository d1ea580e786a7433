"""How long what was told, decided and changed is kept; each with its reason. Readings and dead letters have their own."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Days = Annotated[int, Field(ge=1, le=36_525)]
"""Whole days, at most a century."""


class RetentionSettings(BaseModel):
    """When old rows go. Evidence and audit are kept by years; ages are by the clock on the wall."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    alarm_days: Days = 2557
    """Days since the last line of its log that an alarm is kept, with members, log and messages. Seven years: it is the
    evidence of who knew what when, and claims come up to six years later (Limitation Act 1980). One that has not cleared, or is
    not closed, is kept however old it is."""
    notification_days: Days = 1096
    """Days that messages and their delivery attempts are kept. Three years, in which claims of injury come; that somebody
    was told says the alarm's log for as long as there is the alarm. What still waits is kept."""
    event_days: Days = 1096
    """Days that events are kept (a bin emptied, a road froze, an alarm acknowledged). Three winters, to compare them."""
    override_days: Days = 2557
    """Days since its end that an override is kept. As long as alarms: what was decided by it is explained with it."""
    late_window_days: Days = 400
    """Days that a window of late readings is kept once it is judged. A year and a month: what would differ stands with the
    alarms and decisions themselves."""
    catalogue_log_days: Days = 3653
    """Days that lines of the catalogues' log are kept. Ten years of who changed rules and why; of each catalogue the newest line
    of a kind stays for ever, and so do the catalogues."""
    checkpoint_days: Days = 30
    """Days of event time behind the newest one that the engine's memory is kept of services that run no more; of one that
    stands still, days on the clock. The engine itself keeps eight days of its own."""
    damp_day_days: Days = 2557
    """Days that a room's days are kept (means, damp hours, risk index). Seven years, as alarms: claims of disrepair come up to six
    years later (Limitation Act 1980)."""
    damp_hour_days: Days = 731
    """Days that their hours are kept. Two years, as the readings that they are made of: hours tell how people live."""
    moisture_event_days: Days = 731
    """Days that moisture events are kept (showers, cooking, drying). Two years, likewise."""
    damp_finding_days: Days = 2557
    """Days that a week's finding is kept: why a home is damp, and what was advised. As its days."""
    access_log_days: Days = 1096
    """Days that lines of the households' access logs are kept: who looked, when, and why. Three years; never less than a year,
    since the table itself refuses to lose younger ones."""
    weather_forecast_days: Days = 2557
    """Days since they came that weather forecasts are kept. Seven years, as alarms: what a decision to treat roads or not was made on.
    One an hour is 36 MB a year for each place."""
    treatment_pass_days: Days = 9132
    """Days that what gritters spread is kept, pass by pass. 25 years: claims over an icy road come up to six years later (Limitation
    Act 1980), and one of a child until it is 21. Never less than six years, since the table itself refuses to lose younger ones."""
    winter_record_days: Days = 9132
    """Days that the records of winter nights are kept which the service makes itself. As what gritters spread."""
    crew_photo_days: Days = 180
    """Days that photos which crews take at bins are kept (blocked, contaminated). Half a year, in which who is charged for a bin, or
    complains, asks for it: photos may show people. The act with the photo's hash stays. Never less than 30 days, since the table
    itself refuses to lose younger ones."""
    lorawan_event_days: Days = 7
    """Days that events of LoRaWAN servers are kept which are stored: by then the readings are what counts. Those set aside are kept as
    dead letters are (`ingest.dead_letter_days`); what a household's sensor sent goes when it is stored."""
    lorawan_downlink_days: Days = 365
    """Days that messages to LoRaWAN sensors are kept, and what became of them."""
    moved_out_days: Days = 365
    """Days after somebody has moved out that what was measured while they lived there is kept, with their name and what they
    shared. A year, in which they can ask for it. Of a time that somebody who lives there still shared with them, it stays."""
    audit_days: Days = 2557
    """Days that lines of the audit are kept: who saw or changed what. Seven years, as alarms: it is the evidence of who did what when."""
    account_days: Days = 365
    """Days without a sign-in after which an account of staff goes, unless a program still uses a key of it, or it is the last
    administrator's."""
    session_days: Days = 30
    """Days that ended sessions are kept: to see which there were after a device was lost."""
