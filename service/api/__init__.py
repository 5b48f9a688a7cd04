"""Doors: HTTP and WebSocket, identity, problems."""
