"""WHICH RELEASE: what is known of releases, and which one a person means; pure."""
