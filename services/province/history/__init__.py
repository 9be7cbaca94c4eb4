"""What was: minutes and hours of each site, alarms that came and went, starts and self-tests."""
