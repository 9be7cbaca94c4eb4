"""The rules of the house: each is a function over sources, shown to find a made-up violation."""
