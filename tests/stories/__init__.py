"""Whole evenings in a moment: the endpoint, its feed and a far end in one fast loop."""
