"""Road sensor: surface state of one stretch of road."""

from types import MappingProxyType

from devices.contract import quantities as q
from devices.contract.kind import Field, Kind

SURFACE_STATES = MappingProxyType({0: "dry", 1: "damp", 2: "wet", 3: "hoar", 4: "ice", 5: "snow"})

KIND = Kind(
    name="road",
    title="Road sensor",
    description="Surface and air at one point of a road, in the surface or looking at it.",
    cadence_s=600,
    fields=(
        Field(
            name="surface_temperature_c",
            quantity=q.TEMPERATURE,
            minimum=-50,
            maximum=80,
            required=True,
            sentinels=(-127.0, 85.0),
            label="Road surface temperature",
        ),
        Field(
            name="air_temperature_c",
            quantity=q.TEMPERATURE,
            minimum=-50,
            maximum=60,
            required=True,
            sentinels=(-127.0, 85.0),
            label="Air temperature",
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
            name="subsurface_temperature_c",
            quantity=q.TEMPERATURE,
            minimum=-50,
            maximum=80,
            sentinels=(-127.0, 85.0),
            label="Temperature in the road",
        ),
        Field(name="water_film_mm", quantity=q.FILM_THICKNESS, minimum=0, maximum=20),
        Field(
            name="surface_state",
            quantity=q.CODE,
            minimum=0,
            maximum=5,
            resolution=1,
            storage="smallint",
            codes=SURFACE_STATES,
            label="Surface state",
        ),
        Field(
            name="freezing_point_c",
            quantity=q.TEMPERATURE,
            minimum=-40,
            maximum=1,
            label="Freezing point of what is on the road",
        ),
        Field(name="battery_v", quantity=q.VOLTAGE, minimum=0, maximum=30),
    ),
)
