"""What the province keeps, in SQLite or PostgreSQL."""
