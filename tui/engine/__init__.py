"""WHO RUNS THE LOOP: effects out to drivers, events back in."""
