"""Lorry: a collection vehicle that empties bins and says where it is."""

from devices.contract import quantities as q
from devices.contract.kind import Field, Kind

KIND = Kind(
    name="lorry",
    title="Collection lorry",
    description="Position, load and lifts of a lorry that empties bins.",
    cadence_s=15,
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
        Field(name="load_kg", quantity=q.MASS, minimum=0, maximum=40000, resolution=1, label="Load"),
        Field(
            name="lifts_n",
            quantity=q.COUNT,
            minimum=0,
            maximum=1_000_000,
            resolution=1,
            label="Bins lifted since the engine was started",
        ),
        Field(name="battery_v", quantity=q.VOLTAGE, minimum=0, maximum=36, label="Voltage on board"),
    ),
)
