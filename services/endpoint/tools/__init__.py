"""The engineer's commands."""
