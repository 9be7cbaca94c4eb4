"""History: minutes and hours of each site, alarms from begin to end, starts and self-tests."""
