"""The bench: one whole call of the endpoint, measured beside Chromium's in the same room.

`python -m tests.benchmark`, which `make bench` calls; how it measures stands in docs/bench.md.
"""
