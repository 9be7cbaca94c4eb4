"""What the endpoint knows of itself and its neighbours, and tells them."""
