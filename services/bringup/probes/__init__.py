"""What no command of the image tells: cameras' formats, CEC, a tone, threads by their work."""
