"""LoRaWAN, pure: envelopes of network servers, frame counters, payloads (docs/adr/042-lorawan.md)."""
