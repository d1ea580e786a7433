"""What a pack says of itself to whoever unpacks it."""

from __future__ import annotations

from rules.core.evidence.rows import QUALITY_WORDS

README = f"""EVIDENCE PACK

report.pdf          read this first
readings/           one file for each room and day (UTC), as the box measured
outdoor/            the same of the nearest weather station that reported
statistics.json     the report's figures, with what each rests on
analysis.json       what was worked out day by day: hours of damp walls, risk index, why, how sure that is
gaps.json           times without readings; numbers that never came
calibration.json    what was written down about the sensors' accuracy
cases.json          cases: what happened when, and the legal clock
contacts.json       calls, letters and visits
photos/             photos, encoded anew without place or device; photos.json has the hash of each as it was sent in
diary.json          only where the household asked for it
manifest.json       every file with its SHA-256, and each series of daily files as a chain
signature.json      the signature (Ed25519) over manifest.json
public_key.pem      the key; compare it with what the service publishes

COLUMNS of the readings: time_utc (the device's own), received_utc, seq and boot (the device numbers its
readings within each start), the measured values with the unit in the name, and quality:
{chr(10).join("  " + w for w in QUALITY_WORDS)}
A file with a header only is a day without readings.

CHECK it without the internet:  cityops evidence verify FILE
By hand: the hash of each file is in manifest.json. The signature is over the bytes
"cityops-evidence-manifest-1", a line feed, and manifest.json as it is.
The link of a day is SHA-256 of the link before it, the day and the file's SHA-256, each with a line feed after it;
the first link before is SHA-256 of "cityops-evidence-1", a line feed, the series' name and a line feed.

WHAT IT SHOWS is how warm and humid the air was. It does not show that there is mould, or who is at fault.
"""
