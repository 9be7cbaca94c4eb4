"""Many sites on one machine, for load: real reporters and certificates, simulated boxes."""
