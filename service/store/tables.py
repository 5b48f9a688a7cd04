"""Every table, gathered for the migrations: the logs and the office."""

from service.store import log_tables, office_tables
from service.store.metadata import metadata

__all__ = ["log_tables", "metadata", "office_tables"]
