"""The box with simulated wires: all classes are the real ones."""
