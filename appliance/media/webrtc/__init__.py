"""WebRTC: aiortc's ICE and DTLS below senders and receivers of our own."""
