"""The morning's verification: what a night is judged by, and where its score is kept."""
