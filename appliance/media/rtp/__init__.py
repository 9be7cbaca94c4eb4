"""RTP and RTCP over plain UDP or SRTP, and the rates of both directions."""
