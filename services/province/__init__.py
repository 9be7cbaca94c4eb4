"""The province's side: schedule, fleet, the floor, and a console in a browser."""
