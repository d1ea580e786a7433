"""A past winter's nights: what the rules propose, beside what was done, and what the road did. Pure."""
