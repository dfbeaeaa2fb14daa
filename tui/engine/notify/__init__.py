"""People: who is on call, what they are told, the post-mortem."""
