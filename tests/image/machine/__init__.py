"""Tests that need the image: `make image-test` runs all, `make test` those that CI has time for."""
