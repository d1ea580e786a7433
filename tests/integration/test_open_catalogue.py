"""The catalogue as DCAT-AP 3: read as linked data without a network, and checked against shapes of what is mandatory."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

import pyshacl
import pytest
from rdflib import Graph, Namespace, URIRef
from rdflib.namespace import RDF

from ops_api.opendata.core.datasets import DATASETS
from tests.fakes.website import Site

# rdflib and pyshacl use what rdflib has put out of use.
pytestmark = pytest.mark.filterwarnings("ignore:.* is deprecated:DeprecationWarning")
SHAPES = Path(__file__).parents[1] / "fakes" / "dcat_ap.ttl"
DCAT, DCT = Namespace("http://www.w3.org/ns/dcat#"), Namespace("http://purl.org/dc/terms/")


def graph_of(text: str) -> Graph:
    return Graph().parse(data=text, format="json-ld")


def conforms(graph: Graph) -> tuple[bool, str]:
    ok, _, words = pyshacl.validate(
        graph, shacl_graph=str(SHAPES), shacl_graph_format="turtle", inference="none"
    )
    return ok, words


async def test_the_catalogue_holds_to_the_shapes_and_its_files_are_there(site: Site) -> None:
    answer = await site.http.get("/open/catalogue.jsonld")
    assert answer.headers["content-type"] == "application/ld+json"
    graph = graph_of(answer.text)
    ok, words = conforms(graph)
    assert ok, words
    found = {str(s).rpartition("#")[2] for s in graph.subjects(RDF.type, DCAT.Dataset)}
    assert found == set(DATASETS)
    files = [str(o) for o in graph.objects(None, DCAT.downloadURL)]
    assert len(files) == 2 * len(DATASETS)
    for address in files:
        assert (await site.http.get(address)).status_code == 200, address
    fresh = graph.value(URIRef(f"{site.url}/open#bins"), DCT.modified)
    assert fresh is not None
    assert str(fresh).startswith(str(site.now.date().year))


async def test_nothing_is_fetched_to_read_it(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (await site.http.get("/open/catalogue.jsonld")).text

    def refuse(*_: Any) -> None:
        raise AssertionError("the catalogue needs a network to be read")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    assert len(graph_of(text)) > 100


async def test_the_shapes_find_what_is_missing(site: Site) -> None:
    document = json.loads((await site.http.get("/open/catalogue.jsonld")).text)
    del document["dcat:dataset"][0]["dct:title"]
    document["dcat:dataset"][1]["dcat:distribution"][0]["dcat:accessURL"] = "no address"
    ok, words = conforms(graph_of(json.dumps(document)))
    assert not ok
    assert "dct:title" in words
    assert "accessURL" in words
