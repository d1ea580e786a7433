"""Weather station."""

from types import MappingProxyType

from devices.contract import quantities as q
from devices.contract.kind import Field, Kind

PRECIPITATION_TYPES = MappingProxyType({0: "none", 1: "rain", 2: "sleet", 3: "snow", 4: "freezing rain"})

KIND = Kind(
    name="weather",
    title="Weather station",
    description="Roadside or roof-top weather station.",
    cadence_s=600,
    fields=(
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
            name="wind_speed_m_s",
            quantity=q.SPEED,
            minimum=0,
            maximum=75,
            resolution=0.1,
            required=True,
            label="Wind speed",
        ),
        Field(
            name="wind_direction_deg",
            quantity=q.DIRECTION,
            minimum=0,
            maximum=360,
            resolution=1,
            label="Wind direction",
        ),
        Field(name="pressure_hpa", quantity=q.PRESSURE, minimum=800, maximum=1100, resolution=0.1),
        Field(name="precipitation_mm_h", quantity=q.PRECIPITATION_RATE, minimum=0, maximum=500),
        Field(
            name="precipitation_type",
            quantity=q.CODE,
            minimum=0,
            maximum=4,
            resolution=1,
            storage="smallint",
            codes=PRECIPITATION_TYPES,
            label="Precipitation type",
        ),
        Field(
            name="cloud_oktas",
            quantity=q.CLOUD_COVER,
            minimum=0,
            maximum=8,
            resolution=1,
            label="Cloud cover",
        ),
        Field(
            name="shortwave_w_m2",
            quantity=q.IRRADIANCE,
            minimum=0,
            maximum=1600,
            resolution=1,
            label="Sunlight",
        ),
        Field(
            name="longwave_w_m2",
            quantity=q.IRRADIANCE,
            minimum=50,
            maximum=700,
            resolution=1,
            label="Sky heat radiation",
        ),
    ),
)
