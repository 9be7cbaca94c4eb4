"""The box on its bench: real classes, false wires."""
