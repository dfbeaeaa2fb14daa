"""WHAT THINGS ARE: frozen values and enums; no I/O, no clock.

Takes nothing from the other rooms; every other room speaks in these words.
"""
