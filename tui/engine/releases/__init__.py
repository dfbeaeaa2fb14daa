"""Releases: what is known, planned, kept, frozen and removed."""
