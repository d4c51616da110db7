"""Runs over many files: which they are, the processes that do them, the journal, progress and the account."""
