"""The transitions of an incident, by state; `allowed` says which event is legal where, and what it may lead to."""
