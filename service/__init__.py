"""The Luochui auction service: rules, audit, store, desk, live rooms and doors."""
