"""The intake: from a client's bytes to stored, counted, diagnosed attempts."""
