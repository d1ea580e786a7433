"""Litter bin with a fill sensor."""

from devices.contract import quantities as q
from devices.contract.kind import Field, Kind

KIND = Kind(
    name="bin",
    title="Smart bin",
    description="Fill level of a bin: the distance from the lid to the content, or the fill itself.",
    cadence_s=1800,
    at_least_one_of=(("distance_mm", "fill_pct"),),
    fields=(
        Field(
            name="distance_mm",
            quantity=q.DISTANCE,
            minimum=30,
            maximum=5000,
            resolution=1,
            sentinels=(0.0, 20.0, 65535.0),
        ),
        Field(
            name="fill_pct", quantity=q.FILL, minimum=0, maximum=100, resolution=1, sentinels=(255.0, 65535.0)
        ),
        Field(
            name="temperature_c",
            quantity=q.TEMPERATURE,
            minimum=-50,
            maximum=400,
            sentinels=(-127.0,),
            label="Temperature in the bin",
        ),
        Field(
            name="tilt_deg", quantity=q.ANGLE, minimum=0, maximum=180, resolution=1, label="Tilt from upright"
        ),
        Field(name="battery_pct", quantity=q.BATTERY, minimum=0, maximum=100, resolution=1),
        Field(name="battery_v", quantity=q.VOLTAGE, minimum=0, maximum=30),
    ),
)
