"""The field guide says what the product says."""
