"""Camera and microphone of this site."""
