"""Many sites on one machine, for load: real reporters with real certificates, lives made up."""
