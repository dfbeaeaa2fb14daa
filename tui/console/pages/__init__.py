"""What the work panel shows, one page per file: facts in, rows and choices out; no page holds an incident's state."""
