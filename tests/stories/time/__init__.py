"""Stories of time itself: early, over time, and a clock that is set."""
