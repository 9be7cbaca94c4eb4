"""The SIP dialer: its protocol by lists of messages, its sockets by real ones."""
