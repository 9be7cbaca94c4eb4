"""Tests of image, machine, guest."""
