"""Where else something of people is than in tables: files, caches, devices."""

from __future__ import annotations

from ops_api.privacy.core.model import Place

PLACES = (
    Place(where="back-ups of the database", what="all of it", keep="35 days at most (backup.keep)",
          forgotten="go with their age; a restore makes every deletion since anew, from the book of who is gone"),
    Place(where="the book of who is gone (data folder, gone/*.jsonl)", what="numbers of homes and residents, when",
          keep="as long as the oldest back-up", forgotten="a month's file goes when no back-up is as old"),
    Place(where="the log of services (standard error)", what="numbers and names of devices, numbers of requests; no words, codes or addresses",
          keep="as the host keeps its logs", forgotten="nothing of a household is written there"),
    Place(where="the audit's spool (data folder, audit-spool.jsonl)", what="lines of the audit that the database did not take",
          keep="until it takes them", forgotten="numbers only"),
    Place(where="keys (data folder: identity.key, evidence key)", what="no person", keep="for good", forgotten="nothing in them"),
    Place(where="the broker's store (mosquitto.db)", what="messages that wait for a subscriber", keep="until they are taken",
          forgotten="nothing personal is retained; the ingester takes all there is within seconds"),
    Place(where="the frog's own memory (SQLite)", what="readings that no receipt has named, and a few days of others",
          keep="days", forgotten="not reached from here; the ledger refuses what was deleted"),
    Place(where="caches of the website", what="pages of staff and the public", keep="seconds",
          forgotten="pages of homes are in none, and browsers are told no-store"),
)  # fmt: skip
