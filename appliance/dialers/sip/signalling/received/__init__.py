"""Reads what far ends really write: values of headers, parts of bodies, broken answers."""
