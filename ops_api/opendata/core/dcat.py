"""The catalogue as DCAT-AP 3 in JSON-LD, its context within it: it reads without a network. Pure.

DCAT-AP 3.0.0 (SEMIC, 2024); vocabularies of the EU Publications Office for themes, frequencies and file types.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ops_api.opendata.core.model import Box, Dataset, Table

MEDIA_TYPE = "application/ld+json"
EU = "http://publications.europa.eu/resource/authority/"
CONTEXT: Mapping[str, Any] = {
    "dcat": "http://www.w3.org/ns/dcat#", "dct": "http://purl.org/dc/terms/", "foaf": "http://xmlns.com/foaf/0.1/",
    "vcard": "http://www.w3.org/2006/vcard/ns#", "xsd": "http://www.w3.org/2001/XMLSchema#",
    "geo": "http://www.opengis.net/ont/geosparql#", "dcatap": "http://data.europa.eu/r5r/",
}  # fmt: skip
FORMATS: Mapping[str, tuple[str, str]] = {
    "csv": ("CSV", "http://www.iana.org/assignments/media-types/text/csv"),
    "geojson": ("GEOJSON", "http://www.iana.org/assignments/media-types/application/geo+json"),
}
"""Of each file's ending: its code in the EU's vocabulary and its media type."""


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """Whose catalogue it is: ``base`` address without a slash at its end; ``sta``: it has a SensorThings service."""

    base: str
    council: str
    licence: str
    contact: str = ""
    sta: bool = False


def catalogue(about: About, tables: Sequence[Table]) -> dict[str, Any]:
    """Return the catalogue of datasets as they are now."""
    return {
        "@context": CONTEXT,
        "@id": f"{about.base}/open",
        "@type": "dcat:Catalog",
        "dct:title": _said(f"Open data of {about.council}"),
        "dct:description": _said("What the council's sensors measure and what is decided from it, as open data. No household is in it."),
        "dct:publisher": _publisher(about),
        "dct:language": {"@id": f"{EU}language/ENG", "@type": "dct:LinguisticSystem"},
        "dct:license": _licence(about),
        "foaf:homepage": {"@id": f"{about.base}/open", "@type": "foaf:Document"},
        "dcat:themeTaxonomy": {"@id": f"{EU}data-theme"},
        "dcat:dataset": [_dataset(about, t) for t in tables],
        "dcat:service": _services(about, [t.dataset for t in tables]),
    }  # fmt: skip


def _said(text: str) -> dict[str, str]:
    return {"@value": text, "@language": "en"}


def _publisher(about: About) -> dict[str, Any]:
    return {"@id": f"{about.base}/#publisher", "@type": "foaf:Agent", "foaf:name": _said(about.council)}


def _licence(about: About) -> dict[str, str]:
    return {"@id": about.licence, "@type": "dct:LicenseDocument"}


def _contact(about: About) -> dict[str, Any]:
    key = "vcard:hasEmail" if about.contact.startswith("mailto:") else "vcard:hasURL"
    return {"@type": "vcard:Kind", "vcard:fn": about.council, key: {"@id": about.contact}}


def address(about: About, dataset: Dataset) -> str:
    """Return the name of a dataset, which is where it is described."""
    return f"{about.base}/open#{dataset.id}"


def _dataset(about: About, table: Table) -> dict[str, Any]:
    d = table.dataset
    found: dict[str, Any] = {
        "@id": address(about, d),
        "@type": "dcat:Dataset",
        "dct:title": _said(d.title),
        "dct:description": _said(f"{d.says} {table.note}".strip()),
        "dct:identifier": d.id,
        "dct:publisher": {"@id": f"{about.base}/#publisher"},
        "dcat:theme": {"@id": f"{EU}data-theme/{d.theme}"},
        "dcat:keyword": [_said(k) for k in d.keywords],
        "dct:accrualPeriodicity": {"@id": f"{EU}frequency/{d.frequency}", "@type": "dct:Frequency"},
        "dct:accessRights": {"@id": f"{EU}access-right/PUBLIC", "@type": "dct:RightsStatement"},
        "dcat:landingPage": {"@id": address(about, d), "@type": "foaf:Document"},
        "dcat:distribution": [_file(about, d, ending) for ending in FORMATS] + [_features(about, d)],
    }
    if about.contact:
        found["dcat:contactPoint"] = _contact(about)
    return found | _when_and_where(table)


def _when_and_where(table: Table) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if table.newest is not None and table.oldest is not None:
        found["dct:modified"] = _time(table.newest)
        found["dct:temporal"] = {
            "@type": "dct:PeriodOfTime", "dcat:startDate": _time(table.oldest), "dcat:endDate": _time(table.newest)
        }  # fmt: skip
    if table.box is not None:
        found["dct:spatial"] = {
            "@type": "dct:Location",
            "dcat:bbox": {"@value": _wkt(table.box), "@type": "geo:wktLiteral"},
        }
    return found


def _time(at: datetime) -> dict[str, str]:
    return {"@value": at.isoformat(), "@type": "xsd:dateTime"}


def _wkt(box: Box) -> str:
    w, s, e, n = box
    return f"POLYGON(({w} {s}, {e} {s}, {e} {n}, {w} {n}, {w} {s}))"


def _file(about: About, dataset: Dataset, ending: str) -> dict[str, Any]:
    code, media_type = FORMATS[ending]
    url = f"{about.base}/open/{dataset.id}.{ending}"
    return {
        "@id": f"{url}#distribution", "@type": "dcat:Distribution", "dct:title": _said(f"{dataset.title} as {ending}"),
        "dcat:accessURL": {"@id": url}, "dcat:downloadURL": {"@id": url},
        "dct:format": {"@id": f"{EU}file-type/{code}", "@type": "dct:MediaTypeOrExtent"},
        "dcat:mediaType": {"@id": media_type, "@type": "dct:MediaType"}, "dct:license": _licence(about),
        "dcatap:availability": {"@id": "http://publications.europa.eu/resource/authority/planned-availability/STABLE"},
    }  # fmt: skip


def _features(about: About, dataset: Dataset) -> dict[str, Any]:
    url = f"{about.base}/ogc/collections/{dataset.id}/items"
    return {
        "@id": f"{url}#distribution", "@type": "dcat:Distribution", "dct:title": _said(f"{dataset.title} by OGC API – Features"),
        "dcat:accessURL": {"@id": url}, "dcat:accessService": {"@id": f"{about.base}/ogc"}, "dct:license": _licence(about),
        "dct:format": {"@id": f"{EU}file-type/GEOJSON", "@type": "dct:MediaTypeOrExtent"},
    }  # fmt: skip


def _services(about: About, datasets: Sequence[Dataset]) -> list[dict[str, Any]]:
    ogc = {
        "@id": f"{about.base}/ogc", "@type": "dcat:DataService", "dct:title": _said("OGC API – Features"),
        "dcat:endpointURL": {"@id": f"{about.base}/ogc"}, "dcat:endpointDescription": {"@id": f"{about.base}/ogc/api"},
        "dcat:servesDataset": [{"@id": address(about, d)} for d in datasets],
        "dct:conformsTo": {"@id": "http://www.opengis.net/doc/IS/ogcapi-features-1/1.0"},
    }  # fmt: skip
    sta = {
        "@id": f"{about.base}/sta/v1.1", "@type": "dcat:DataService", "dct:title": _said("OGC SensorThings API 1.1"),
        "dcat:endpointURL": {"@id": f"{about.base}/sta/v1.1"},
        "dct:conformsTo": {"@id": "http://www.opengis.net/doc/is/sensorthings/1.1"},
    }  # fmt: skip
    return [ogc, sta] if about.sta else [ogc]
