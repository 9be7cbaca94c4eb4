"""Far ends that speak SIP: Asterisk's ConfBridge, baresip, and a scripted MCU with faults."""
