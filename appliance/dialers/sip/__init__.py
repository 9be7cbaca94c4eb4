"""Calls by SIP: towards the conference systems that room codecs dial (RFC 3261)."""
