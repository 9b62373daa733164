"""Campaigns on a FireWorks LaunchPad, worked on by queue jobs that take one job after the other."""
