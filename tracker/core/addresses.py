"""Addresses: those that leave the site, and those of the screens of a record."""

from typing import Any
from urllib.parse import urljoin

from django.conf import settings
from django.contrib.admin.utils import quote
from django.db import models
from django.http import HttpRequest
from django.urls import reverse


def absolute_address(request: HttpRequest, path: str) -> str:
    """`path` with scheme and host: those of PUBLIC_URL, or without one those at which the page was asked for."""
    return urljoin(settings.PUBLIC_URL, path) if settings.PUBLIC_URL else request.build_absolute_uri(path)


def screen_address(model: type[models.Model] | models.Model, screen: str, key: Any = None, *more: Any) -> str:
    """The path of one of the admin's screens of a kind of record ("changelist", "add") or, with its key, of one record
    ("change", "history"); NoReverseMatch where there is no such screen."""
    options = model._meta
    parts = () if key is None else (quote(key), *more)
    return reverse(f"admin:{options.app_label}_{options.model_name}_{screen}", args=parts)
