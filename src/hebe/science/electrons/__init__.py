"""What the electrons of a calculation say: levels, projected densities."""
