"""The one call of this site, its hand and its line."""
