"""Load: many simulated sites against one broker and one ingest; ``make load``."""
