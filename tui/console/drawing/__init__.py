"""Facts in, rows out: how tables, times, states, logs and looks are drawn, as plain values."""
