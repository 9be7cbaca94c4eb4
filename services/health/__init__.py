"""The program that tells the province how this site is."""
