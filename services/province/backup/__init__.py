"""Back-up and restore of a whole province: database, authority, ledger and settings in one file."""
