"""The real programs as processes: killed, unplugged, told to stop, and looked at from outside."""
