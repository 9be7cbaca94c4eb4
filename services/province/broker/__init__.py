"""The broker beside the province: its configuration, who may say what, and what comes in."""
