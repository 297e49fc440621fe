"""Addresses that leave the site."""

from urllib.parse import urljoin

from django.conf import settings
from django.http import HttpRequest


def absolute_address(request: HttpRequest, path: str) -> str:
    """`path` with scheme and host: those of PUBLIC_URL, or without one those at which the page was asked for."""
    return urljoin(settings.PUBLIC_URL, path) if settings.PUBLIC_URL else request.build_absolute_uri(path)
