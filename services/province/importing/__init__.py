"""What comes in from other people's files: sheets and calendars; all of a file or nothing of it."""
