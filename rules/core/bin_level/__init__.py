"""How full a bin is, from echoes that lie."""
