"""Web pages: words, charts, templates and static files. No database, no HTTP."""
