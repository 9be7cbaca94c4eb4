"""Tests of hardware, simulator."""
