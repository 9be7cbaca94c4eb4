"""Meetings, their hours, and the feeds that tell the sites."""
