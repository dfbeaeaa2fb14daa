"""WHAT SCRIPTS SEE: stdout is data, stderr is narration; never a picture, never a prompt without a terminal.

Takes the arguments, drives the same engine as the console, gives an exit code (`exits`).
"""
