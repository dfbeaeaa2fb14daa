"""The console in real terminals: a pty, tmux, ssh."""
