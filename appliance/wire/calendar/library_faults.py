"""What icalendar, dateutil and recurring-ical-events raise on feeds that break the rules.

OSError is the tz database's, asked for a zone named like one of its folders (``TZID=Asia``).
"""

LIBRARY_FAULTS = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, OSError)
