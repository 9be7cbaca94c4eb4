"""The Janus protocol of the room: sessions, handles, participants."""
