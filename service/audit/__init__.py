"""Canonical bytes, Merkle tree, checkpoints, receipts, replay and the verifier."""
