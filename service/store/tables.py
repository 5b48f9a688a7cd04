"""Every table, gathered for the migrations: the logs, their anchors and the office."""

from service.store import anchor_tables, log_tables, office_tables
from service.store import attendance as attendance_tables
from service.store import documents as document_tables
from service.store import views as view_tables
from service.store.metadata import metadata

__all__ = [
    "anchor_tables",
    "attendance_tables",
    "document_tables",
    "log_tables",
    "metadata",
    "office_tables",
    "view_tables",
]
