"""An embedded meeting room for demos, tests and small meetings."""
