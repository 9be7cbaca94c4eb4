"""What a USB stick of the IT centre may do at a box: bring a release, bring a support grant."""
