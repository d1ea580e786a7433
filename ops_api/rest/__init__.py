"""Manners of /api/v1: paging, entity tags, chosen fields, problems, bulk exports, streams of readings (docs/rest.md)."""
