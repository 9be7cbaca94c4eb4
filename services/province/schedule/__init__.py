"""Meetings, when they take place, and the feeds that the sites fetch."""
