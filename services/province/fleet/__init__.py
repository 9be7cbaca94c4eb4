"""The sites over the broker: their reports and alarms, their desired state, agenda notices."""
