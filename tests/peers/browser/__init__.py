"""Real browsers as participants of a real Janus room."""
