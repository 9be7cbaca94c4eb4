"""The media of the room: packets forwarded from publishers to subscribers."""
