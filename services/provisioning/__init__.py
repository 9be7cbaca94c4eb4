"""What runs at the start of the machine: first boot, the two slots, the confirmation of a slot."""
