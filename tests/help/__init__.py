"""The documents that ship with the program are held to the code."""
