"""Back-ups of an installation: made, listed, checked, thinned out, restored (docs/operating.md)."""
