"""Tests of the guard: which drivers a board needs, and where they have to be."""
