"""Tests that need the emulator; `make image-test` runs them, `make test` does not."""
