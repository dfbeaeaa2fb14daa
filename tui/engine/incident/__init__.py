"""The loop that carries one incident, and what its effects do."""
