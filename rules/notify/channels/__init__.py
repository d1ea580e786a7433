"""The channels: each with its own library, its own words for failures, and no secrets in them."""
