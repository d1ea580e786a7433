"""The duty officer's desk: what the engine proposes, and what people make of it. Pure."""
