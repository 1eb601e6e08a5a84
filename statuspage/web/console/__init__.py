"""The staff's console: Django admin with a front page and a preview of our own."""
