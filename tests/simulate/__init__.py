"""The real rules, rooms and ledger under a hand-wound clock and a seeded scheduler."""
