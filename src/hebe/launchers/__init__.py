"""What executes flows; launchers take any flow of jobflow and know no maker."""
