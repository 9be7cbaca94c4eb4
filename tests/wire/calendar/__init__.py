"""Tests of wire, calendar."""
