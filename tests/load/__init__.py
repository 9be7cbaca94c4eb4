"""Load: many simulated sites against the whole province as it serves; ``make load``."""
