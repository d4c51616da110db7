"""One module a format. What of it is public stands in hanflow.formats."""
