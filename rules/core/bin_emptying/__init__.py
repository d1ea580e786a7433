"""When a bin was emptied, and when somebody says so but it was not."""
