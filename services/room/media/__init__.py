"""The media of the room: who sends what to whom, unchanged."""
