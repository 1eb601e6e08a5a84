"""The project package. Importing it makes the Celery application the current one for every process of ours."""

from statuspage.celery import app as celery_app

__all__ = ["celery_app"]
