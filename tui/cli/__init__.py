"""WHAT SCRIPTS SEE: stdout is data, stderr is narration."""
