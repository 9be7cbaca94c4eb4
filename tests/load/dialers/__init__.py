"""Real dialers at one real meeting server: all in within their doors, a third loses its power."""
