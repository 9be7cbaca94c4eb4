"""Keys (DTMF) of a SIP call on lines that lose some."""
