"""Entry points: command line, HTTP, web pages, and the composition root."""
