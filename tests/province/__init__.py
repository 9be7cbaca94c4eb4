"""The province's side, on both of its databases."""
