"""Rooms of a Janus: who is who, and the dialer against a real one, browsers, and odd servers."""
