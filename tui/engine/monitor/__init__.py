"""The work that goes on all the time: health, error rates, logs."""
