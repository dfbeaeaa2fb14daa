"""WAYS BACK: pure plan builders, one file each."""
