"""Tests of image, machine, power_cuts."""
