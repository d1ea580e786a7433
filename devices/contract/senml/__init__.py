"""Sensor Measurement Lists (SenML, RFC 8428): packs in JSON and CBOR, read, resolved and written. Pure."""
