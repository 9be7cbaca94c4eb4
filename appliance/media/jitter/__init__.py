"""What a far end's packets become in order, healed and on time: pure, `now` is an argument."""
