"""What is worked out of requests and answers. Pure."""
