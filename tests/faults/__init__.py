"""Runs on the loopback server that are disturbed at every call, and at several: what is left is what is left undisturbed."""
