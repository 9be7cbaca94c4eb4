"""The hour of a box that no time server answers: asked of the province, verified, and set."""
