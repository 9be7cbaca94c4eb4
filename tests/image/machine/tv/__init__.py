"""Tests of what people see and hear of the image: TVs that come and go, modes, sound by name."""
