"""The signalling of a call without I/O: messages, transactions, dialog, INVITE session."""
