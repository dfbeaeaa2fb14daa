"""HOW WE TOUCH IT: one outside thing per file."""
