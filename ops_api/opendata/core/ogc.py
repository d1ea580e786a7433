"""Documents of OGC API – Features 1.0: landing page, conformance, collections, pages of features. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from ops_api.opendata.core.geojson import MEDIA_TYPE, feature, features
from ops_api.opendata.core.model import Item, Table
from ops_api.opendata.core.ogc_query import Page

JSON = "application/json"
OPENAPI = "application/vnd.oai.openapi+json;version=3.0"
CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
CONFORMS_TO = tuple(
    f"http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/{c}" for c in ("core", "oas30", "geojson")
)
Links = list[dict[str, str]]


def link(rel: str, href: str, type_: str = JSON, title: str = "") -> dict[str, str]:
    """Return a link (RFC 8288)."""
    found = {"rel": rel, "type": type_, "href": href}
    return found | {"title": title} if title else found


def landing(base: str, council: str, licence: str) -> dict[str, Any]:
    """Return the landing page; ``base``: the site's address."""
    return {
        "title": f"Open data of {council}",
        "description": "What the council's sensors measure and what is decided from it. No household is in it.",
        "links": [
            link("self", f"{base}/ogc", title="This document"),
            link("service-desc", f"{base}/ogc/api", OPENAPI, "What can be asked, as OpenAPI 3.0"),
            link("service-doc", f"{base}/open", "text/html", "What can be asked, for people"),
            link("conformance", f"{base}/ogc/conformance", title="Requirement classes"),
            link("data", f"{base}/ogc/collections", title="Collections"),
            link("license", licence, "text/html"),
        ],
    }


def conformance() -> dict[str, Any]:
    """Return the classes of requirements that are held to."""
    return {"conformsTo": list(CONFORMS_TO)}


def collections(base: str, licence: str, tables: Sequence[Table]) -> dict[str, Any]:
    """Return all collections."""
    return {
        "links": [link("self", f"{base}/ogc/collections"), link("license", licence, "text/html")],
        "collections": [collection(base, licence, t) for t in tables],
    }


def collection(base: str, licence: str, table: Table) -> dict[str, Any]:
    """Return one collection."""
    dataset = table.dataset
    here = f"{base}/ogc/collections/{dataset.id}"
    return {
        "id": dataset.id, "title": dataset.title, "description": f"{dataset.says} {table.note}".strip(),
        "itemType": "feature", "crs": [CRS84], "extent": _extent(table),
        "links": [
            link("self", here),
            link("items", f"{here}/items", MEDIA_TYPE, dataset.title),
            link("alternate", f"{base}/open/{dataset.id}.csv", "text/csv", "All of it as CSV"),
            link("describedby", f"{base}/open#{dataset.id}", "text/html"),
            link("license", licence, "text/html"),
        ],
    }  # fmt: skip


def _extent(table: Table) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if table.box is not None:
        found["spatial"] = {"bbox": [list(table.box)], "crs": CRS84}
    if table.newest is not None and table.oldest is not None:
        found["temporal"] = {"interval": [[table.oldest.isoformat(), table.newest.isoformat()]]}
    return found


def items(
    base: str, table: Table, page: Page, now: datetime, here: str, following: str | None
) -> dict[str, Any]:
    """Return a page of features.

    Args:
        base: the site's address.
        table: the collection.
        page: what is shown of it.
        now: the server's time.
        here: address of this page.
        following: of the next; None on the last.
    """
    links: Links = [
        link("self", here, MEDIA_TYPE),
        link("collection", f"{base}/ogc/collections/{table.dataset.id}"),
    ]
    if following is not None:
        links.append(link("next", following, MEDIA_TYPE))
    return {
        "type": "FeatureCollection", "timeStamp": now.strftime("%Y-%m-%dT%H:%M:%SZ"), "numberMatched": page.matched,
        "numberReturned": len(page.items), "links": links, "features": features(page.items),
    }  # fmt: skip


def one(base: str, table: Table, item: Item, here: str) -> dict[str, Any]:
    """Return one feature."""
    links: Links = [
        link("self", here, MEDIA_TYPE),
        link("collection", f"{base}/ogc/collections/{table.dataset.id}"),
    ]
    found: Mapping[str, Any] = feature(item)
    return {**found, "links": links}
