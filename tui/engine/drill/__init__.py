"""A drill on a real host: may it be, the app that it is tried on, and its way from beginning to end."""
