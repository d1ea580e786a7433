"""Why an alarm or a decision is what it is, in the same words for page, API and message. Pure."""
