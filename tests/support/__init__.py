"""Tests of what a USB stick of the IT centre may do at a box."""
