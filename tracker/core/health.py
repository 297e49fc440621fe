"""Two addresses for whoever watches over the service."""

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache

from tracker.core import broker


@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    """200 while the process lives. Touches nothing else."""
    return HttpResponse("ok\n", content_type="text/plain")


@never_cache
def readyz(request: HttpRequest) -> HttpResponse:
    """200 while the database answers, and the broker where there is one; 503 with the part that does not.

    Pages need no broker: whoever sends readers to a server asks /healthz, whoever is to be woken asks this.
    """
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Exception:
        # Any failure means not ready; its text may name hosts and users and stays out of the answer.
        return HttpResponse("database: no answer\n", status=503, content_type="text/plain")
    if broker.configured() and not broker.answers():
        return HttpResponse("database: ok\nbroker: no answer\n", status=503, content_type="text/plain")
    known = "broker: ok\n" if broker.configured() else "broker: none\n"
    return HttpResponse(f"database: ok\n{known}", content_type="text/plain")
