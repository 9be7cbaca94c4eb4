"""The field guide for who is in the room: docs/huong-dan as HTML and as A4 paper."""
