"""Electrodes: voltages, profiles and strains over the content of the working ion."""
