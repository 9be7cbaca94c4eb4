"""From end to end: a real browser, the room, the site, and what comes out of its TV."""
