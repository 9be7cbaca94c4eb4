"""The TV by HDMI's control wire."""
