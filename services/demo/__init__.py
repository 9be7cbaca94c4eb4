"""An evening on one machine: a room, one simulated site, and a page with its TV and its button."""
