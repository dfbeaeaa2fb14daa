"""Vendors: one file each. What they share: `api` (JSON over HTTP), `findings`, `markdown`, `tickets`."""
