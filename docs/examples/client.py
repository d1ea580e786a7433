"""Readings from cityops with nothing but Python's own library: ``python client.py http://127.0.0.1:8080``.

Latest values, all pages of a collection, a day as CSV, and readings as they come. A key (``cok_…``) in CITYOPS_KEY is sent
along; what is open needs none.
"""

import csv
import io
import json
import os
import re
import sys
import urllib.parse
import urllib.request
from datetime import UTC, datetime, timedelta


class Cityops:
    """A cityops server."""

    def __init__(self, url, key=""):
        self.url = url.rstrip("/")
        self.headers = {"X-Api-Key": key} if key else {}

    def open(self, path, headers=(), **params):
        """Return the answer to a GET; an error is an HTTPError whose body says what is wrong (RFC 9457)."""
        query = "?" + urllib.parse.urlencode(params, doseq=True) if params else ""
        request = urllib.request.Request(self.url + path + query, headers={**self.headers, **dict(headers)})
        return urllib.request.urlopen(request, timeout=60)

    def get(self, path, **params):
        """Return a document."""
        with self.open(path, **params) as answer:
            return json.load(answer)

    def pages(self, path, **params):
        """Yield each page of a collection: where the next one is says the Link header."""
        while path:
            with self.open(path, **params) as answer:
                yield json.load(answer)
                found = re.search(r'<([^>]*)>; rel="next"', answer.headers.get("Link", ""))
            path, params = (found[1] if found else ""), {}

    def table(self, kind, since, until, **params):
        """Yield readings of a kind as dictionaries, one at a time: a year takes no more memory than a day."""
        span = {"from": since.isoformat(), "to": until.isoformat()}
        with self.open("/api/v1/readings/export", kind=kind, **span, **params) as answer:
            yield from csv.DictReader(io.TextIOWrapper(answer, "utf-8"))

    def events(self, kind, last_id=None):
        """Yield (id, readings) as they are stored; begin again with the last id and nothing is missed."""
        headers = {"Last-Event-ID": last_id} if last_id else {}
        with self.open("/api/v1/readings/stream", headers, kind=kind) as answer:
            event = {}
            for line in answer:
                name, _, value = line.decode().rstrip("\n").partition(": ")
                if name:
                    event[name] = value
                elif event.get("event") == "readings":
                    yield event["id"], json.loads(event["data"])
                    event = {}
                else:
                    event = {}


if __name__ == "__main__":
    city = Cityops(sys.argv[1], os.environ.get("CITYOPS_KEY", ""))
    for road in city.get("/api/v1/readings/latest", kind="road", fields="device,ts,surface_temperature_c"):
        print(f"{road['device']}: {road['surface_temperature_c']} °C at {road['ts']}")
    names = [
        d["name"] for page in city.pages("/api/v1/devices", kind="bin", limit=10) for d in page["devices"]
    ]
    print(f"{len(names)} bins: {', '.join(names[:3])} …")
    now = datetime.now(UTC)
    rows = sum(1 for _ in city.table("road", now - timedelta(days=1), now))
    print(f"{rows} readings of roads in a day")
