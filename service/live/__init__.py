"""Rooms: one per lot and process, their audience and the clock that wakes them."""
