"""Real calls to a real Asterisk and baresip."""
