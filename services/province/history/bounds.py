"""How long history is kept; what follows for its size stands in ``docs/growth.md``."""

MINUTE_S, HOUR_S, DAY_S = 60, 3600, 86_400

MINUTES_S = 3 * DAY_S
"""Whole days of minutes before today's; longer than what a site can keep while its line is away."""
HOURS_S = 92 * DAY_S
"""A quarter of a year; whole months, so up to one more."""
EPISODES_S = 92 * DAY_S
"""Alarms that are over, starts and self-tests."""
SLOT_S = 300
"""The grain of being heard: five minutes, of which one report may be late or lost."""
LATE_S = 190.0
"""A report that came so long after it was made was kept at the site: its line was away."""
AHEAD_S = 60.0
"""So far a site's clock may be ahead of ours; what is further ahead is no hour to be believed."""
