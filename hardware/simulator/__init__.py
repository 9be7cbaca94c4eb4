"""What stands in for pins and cable on a laptop; never part of an image."""
