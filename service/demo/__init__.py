"""The demonstration: real doors, real sockets, simulated people and a simulated bank."""
