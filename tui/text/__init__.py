"""MADE HARMLESS: text from outside, secrets, and what goes to other people; pure."""
