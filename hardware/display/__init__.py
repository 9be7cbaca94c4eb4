"""The TV by HDMI's control wire (CEC): woken for a meeting, put to sleep after it, and asked."""
