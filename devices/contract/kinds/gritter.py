"""Gritter: a lorry that spreads salt and measures the road as it goes."""

from devices.contract import quantities as q
from devices.contract.kind import Field, Kind

KIND = Kind(
    name="gritter",
    title="Gritter",
    description="Position, road temperature and spreading of a gritting lorry.",
    cadence_s=60,
    continuous=False,
    fields=(
        Field(
            name="latitude_deg",
            quantity=q.LATITUDE,
            minimum=-90,
            maximum=90,
            resolution=1e-6,
            required=True,
            storage="double precision",
        ),
        Field(
            name="longitude_deg",
            quantity=q.LONGITUDE,
            minimum=-180,
            maximum=180,
            resolution=1e-6,
            required=True,
            storage="double precision",
        ),
        Field(name="speed_m_s", quantity=q.SPEED, minimum=0, maximum=60, resolution=0.1, required=True),
        Field(
            name="surface_temperature_c",
            quantity=q.TEMPERATURE,
            minimum=-50,
            maximum=80,
            sentinels=(-127.0, 85.0),
            label="Road surface temperature",
        ),
        Field(
            name="air_temperature_c",
            quantity=q.TEMPERATURE,
            minimum=-50,
            maximum=60,
            sentinels=(-127.0, 85.0),
            label="Air temperature",
        ),
        Field(name="spread_rate_g_m2", quantity=q.SPREAD_RATE, minimum=0, maximum=400, resolution=1),
        Field(
            name="spread_width_m",
            quantity=q.LENGTH,
            minimum=0,
            maximum=20,
            resolution=0.1,
            label="Spread width",
        ),
        Field(
            name="salt_remaining_kg",
            quantity=q.MASS,
            minimum=0,
            maximum=30000,
            resolution=1,
            label="Salt left in the hopper",
        ),
    ),
)
