"""Telling us of a problem: the public form."""
