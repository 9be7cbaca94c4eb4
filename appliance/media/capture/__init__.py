"""From camera and microphone to the packets that every call sends."""
