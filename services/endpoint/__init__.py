"""The program that people see: it is in the meeting that is due and shows what it does about it."""
