"""The iCalendar feed of a site, read into meetings."""
