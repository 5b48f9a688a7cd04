"""Words between processes: hints that save waiting, and public frames for relays."""
