"""One module a kind of channel: what its form asks for, and how a message leaves."""
