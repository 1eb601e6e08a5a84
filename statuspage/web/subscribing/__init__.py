"""Subscribing, confirming, choosing and leaving: on pages and by the API."""
