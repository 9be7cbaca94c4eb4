"""Tests of image, machine, boards."""
