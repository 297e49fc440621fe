"""Two addresses for whoever watches over the service."""

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache


@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    """200 while the process lives. Touches nothing else."""
    return HttpResponse("ok\n", content_type="text/plain")


@never_cache
def readyz(request: HttpRequest) -> HttpResponse:
    """200 while the database answers, 503 with the part that does not."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Exception:
        # Any failure means not ready; its text may name hosts and users and stays out of the answer.
        return HttpResponse("database: no answer\n", status=503, content_type="text/plain")
    return HttpResponse("database: ok\n", content_type="text/plain")
