"""A demonstration on one machine: province, room, one site, and a page with its TV and button."""
