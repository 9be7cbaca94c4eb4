"""What lies on a card: the site file with its secrets, authorities, and what they still lack."""
