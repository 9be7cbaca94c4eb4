"""Rehearsals that the province asks for: of one box, and of forty."""
