"""Mirrors the code; peers/ are real far ends, stories/ whole evenings."""
