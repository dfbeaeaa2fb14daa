"""Looking at a host that no services.yaml describes yet; nothing is changed."""
