"""The chair's side of a meeting: who is in, who wishes to speak, who has the floor."""
