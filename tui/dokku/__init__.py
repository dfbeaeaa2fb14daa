"""HOW DOKKU SPEAKS: intent to argument lists, bytes to facts; pure."""
