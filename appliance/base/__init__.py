"""What every program on the Pi stands on: settings, texts, journal, signals, systemd, facts."""
