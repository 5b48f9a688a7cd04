"""What outsiders hold: REST bodies, WebSocket frames, log entries, exports, problems."""
