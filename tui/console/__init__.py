"""WHAT PEOPLE SEE: the full-screen console. Textual is imported here and nowhere else.

Panels draw what they read from the engine and hold no state of an incident: closing one changes nothing.
"""
