"""A catalogue that runs in shadow beside the live one: seen, and silent."""
