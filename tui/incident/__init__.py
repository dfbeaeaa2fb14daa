"""WHAT TO DECIDE: events in, effects out; pure, no clock."""
