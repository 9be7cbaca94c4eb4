"""Encoders and decoders of picture and sound, and the rates that they are given."""
