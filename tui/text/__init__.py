"""MADE HARMLESS: text from outside, secrets, and what goes to other people; signs and charts of text; pure."""
