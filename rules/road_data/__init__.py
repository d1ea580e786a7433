"""Files that the road model reads: observations of a street, METRo's cases, parameter sets."""
