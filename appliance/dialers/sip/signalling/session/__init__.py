"""The parts of an INVITE session: our requests, our offers, the far ends that ring."""
