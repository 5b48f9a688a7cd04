"""Tables of the logs: heads, entries, checkpoints, health."""
