"""A meeting's time as a site lives it: doors, begin, end, overrun, and how it was left."""
