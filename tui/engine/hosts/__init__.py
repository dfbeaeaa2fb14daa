"""Hosts as the engine uses them: connections, the one gate for changes, the record of an incident."""
