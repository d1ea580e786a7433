"""The rules' parameters as versioned files: one rule a file, one treatment matrix a file."""
