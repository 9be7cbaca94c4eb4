"""SIP's protocol by lists of messages."""
