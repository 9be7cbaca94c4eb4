"""Drawing on one picture: boxes, letters, icons, colours."""
