"""Road surface sensor: the temperature of a surface and no air, as infrared sensors and probes give it."""

from devices.contract import quantities as q
from devices.contract.kind import Field, Kind

KIND = Kind(
    name="road_surface",
    title="Road surface sensor",
    description="Temperature of a road's surface, or in the road, without the air above it: infrared sensors and probes.",
    cadence_s=600,
    at_least_one_of=(("surface_temperature_c", "subsurface_temperature_c"),),
    fields=(
        Field(
            name="surface_temperature_c",
            quantity=q.TEMPERATURE,
            minimum=-50,
            maximum=80,
            sentinels=(-127.0, 85.0),
            label="Road surface temperature",
        ),
        Field(
            name="subsurface_temperature_c",
            quantity=q.TEMPERATURE,
            minimum=-50,
            maximum=80,
            sentinels=(-127.0, 85.0),
            label="Temperature in the road",
        ),
        Field(name="battery_pct", quantity=q.BATTERY, minimum=0, maximum=100, resolution=1),
        Field(name="battery_v", quantity=q.VOLTAGE, minimum=0, maximum=30),
    ),
)
