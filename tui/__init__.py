"""Rollback console for services on Dokku."""
