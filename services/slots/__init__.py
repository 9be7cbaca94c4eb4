"""The two slots of a box: which starts, what is in each, and when one counts as good."""
