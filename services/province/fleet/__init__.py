"""The sites as they speak by the broker: their reports kept, their agendas' changes told."""
