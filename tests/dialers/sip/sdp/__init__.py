"""Session descriptions, offer and answer."""
