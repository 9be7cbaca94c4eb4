"""Stories of the television alone: its edges, its power, what it tells."""
