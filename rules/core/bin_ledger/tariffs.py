"""Prices and factors, each with its range, its source and its year."""

from __future__ import annotations

import msgspec


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """A figure with its range.

    Attributes:
        value: that is reckoned with.
        low, high: nine times in ten it is between them.
        unit: as printed.
        source: where it is from.
        year: of the source.
        assumed: whether nobody has said it of this town yet.
    """

    value: float
    low: float
    high: float
    unit: str
    source: str
    year: int
    assumed: bool = True


class Tariffs(msgspec.Struct, frozen=True, kw_only=True):
    """What things cost and emit.

    Attributes:
        diesel_l_km: of a collection lorry, with its stops and its press.
        co2_kg_l: CO2 equivalent of a litre.
        diesel_gbp_l: without VAT.
        crew_gbp_h: of a lorry's crew together, with on-costs.
        vehicle_gbp_h: of a lorry without fuel: lease or depreciation, tyres, repairs, insurance.
        saved_hours_share: of an hour not driven so much is money not spent: a crew that is paid anyway saves nothing.
        sensor_gbp: of one sensor, fitted; sensor_life_y: years that it serves.
        connectivity_gbp_y: of one sensor and year; platform_gbp_y: of all of them and year.
        work_order_gbp: of one visit to a sensor.
        detection_precision, detection_recall: of emptyings.
    """

    diesel_l_km: Figure
    co2_kg_l: Figure
    diesel_gbp_l: Figure
    crew_gbp_h: Figure
    vehicle_gbp_h: Figure
    saved_hours_share: Figure
    sensor_gbp: Figure
    sensor_life_y: Figure
    connectivity_gbp_y: Figure
    platform_gbp_y: Figure
    work_order_gbp: Figure
    detection_precision: Figure
    detection_recall: Figure

    def faults(self) -> tuple[str, ...]:
        """Return what is wrong with the figures, in words."""
        found = []
        for name in self.__struct_fields__:
            f: Figure = getattr(self, name)
            if not 0.0 <= f.low <= f.value <= f.high < 1e9:
                found.append(
                    f"{name}: low {f.low:g}, value {f.value:g} and high {f.high:g} must rise from 0 on"
                )
            if name in SHARES and f.high > 1.0:
                found.append(f"{name} is a share: at most 1")
            if not f.source.strip():
                found.append(f"{name} has no source")
        if self.sensor_life_y.low <= 0.0 or self.detection_recall.low <= 0.0:
            found.append("sensor_life_y and detection_recall must be above 0")
        return tuple(found)


SHARES = ("detection_precision", "detection_recall", "saved_hours_share")
