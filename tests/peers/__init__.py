"""Real far ends for the tests, each started by a fixture and stopped after."""
