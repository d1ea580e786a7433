"""LoRaWAN in: network servers → inbox → the way of every other message (docs/lorawan.md)."""
