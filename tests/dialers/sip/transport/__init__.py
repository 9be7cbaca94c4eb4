"""SIP's sockets, framing and name resolution."""
