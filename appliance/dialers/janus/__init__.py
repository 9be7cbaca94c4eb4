"""The dialer for a Janus VideoRoom over WebSocket: publish ours, hear the room, see one of it."""
