"""Keeps the server's processes running: starts them, restarts what dies, leaves none behind.

Only the standard library is imported here: the supervisor stays resident beside the
processes that it watches, and Django would cost it tens of megabytes for nothing.
"""
