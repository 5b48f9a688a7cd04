"""Observers served from the bus and one call to the service, without a database."""
