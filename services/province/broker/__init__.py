"""The province's MQTT broker: its configuration and process, and the ingest of reports."""
