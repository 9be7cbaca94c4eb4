"""The province: schedule, fleet, and the console of the IT centre."""
