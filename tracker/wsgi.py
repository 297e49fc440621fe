"""The WSGI entry point: `gunicorn tracker.wsgi`."""

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from tracker.core.login import guard

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tracker.settings")
application = get_wsgi_application()

if settings.PRODUCTION:
    guard()
