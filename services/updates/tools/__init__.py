"""The commands of `services.updates`, each the edge of one unit, rule or hand."""
