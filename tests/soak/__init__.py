"""``make soak``: a hundred calls one after another, and one long one, that leave nothing behind."""
