"""Frog box: temperature and humidity in a home."""

from devices.contract import quantities as q
from devices.contract.kind import Field, Kind

KIND = Kind(
    name="frog",
    title="Frog box",
    description="A plastic frog in a home that measures the air, and a cold wall where it has a probe.",
    cadence_s=300,
    fields=(
        Field(
            name="temperature_c",
            quantity=q.TEMPERATURE,
            minimum=-30,
            maximum=60,
            required=True,
            sentinels=(-127.0, 85.0),
            label="Room temperature",
        ),
        Field(
            name="humidity_pct",
            quantity=q.RELATIVE_HUMIDITY,
            minimum=0,
            maximum=100,
            resolution=0.1,
            required=True,
        ),
        Field(
            name="wall_temperature_c",
            quantity=q.TEMPERATURE,
            minimum=-30,
            maximum=60,
            sentinels=(-127.0, 85.0),
            label="Wall surface temperature",
        ),
        Field(name="pressure_hpa", quantity=q.PRESSURE, minimum=800, maximum=1100, resolution=0.1),
        Field(name="battery_v", quantity=q.VOLTAGE, minimum=0, maximum=30),
    ),
)
