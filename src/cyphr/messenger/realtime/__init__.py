"""The WebSocket: connections, what clients say, what they hear."""
