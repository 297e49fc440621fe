"""The Celery app: `celery -A tracker worker` and `celery -A tracker beat`; settings that begin with CELERY_ are its."""

import os
import sys
from logging.config import dictConfig
from typing import Any

from celery import Celery
from celery.signals import beat_init, setup_logging, worker_ready
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tracker.settings")
if "celery" in sys.argv[0]:  # and not a web server, which imports this as well
    os.environ.setdefault("TRACKER_ORIGIN", "worker")


class Tracker(Celery):
    """Celery that does not fall back to a server it was not told of."""

    def _connection(self, url: str | None, *words: Any, **options: Any) -> Any:
        # Celery's own default is a message server on this machine: it would be waited for, or be a stranger's.
        if not settings.CELERY_BROKER_URL:
            raise ImproperlyConfigured("REDIS_URL is not set, so there is no broker. README.md says how.")
        return super()._connection(settings.CELERY_BROKER_URL, *words, **options)


app = Tracker("tracker")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@setup_logging.connect
def log_as_the_site_does(**unused: object) -> None:
    """Celery's own lines would hold the words of errors, and PostgreSQL's hold people's data (core.logs)."""
    dictConfig(settings.LOGGING)


@worker_ready.connect
def say_ready(**unused: object) -> None:
    """One line for whoever watches the start; everything else is only said when something is wrong."""
    print("ready", flush=True)


@beat_init.connect
def say_begun(**unused: object) -> None:
    """As say_ready, for the clock."""
    print("ready", flush=True)
