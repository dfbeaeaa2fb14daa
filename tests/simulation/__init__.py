"""Deterministic simulation: whole incidents with the production code, in one loop with simulated time and network."""
