"""Grafana boards as code: built here, committed as JSON, provisioned as files."""
