"""Settings refuse wrong variables with their names; nothing starts half configured."""

import os
import subprocess
import sys

import pytest

GOOD = {
    "TRACKER_MODE": "production",
    "SECRET_KEY": "0123456789" * 5,
    "TLS": "1",
    "DATABASE_URL": "postgresql://tracker:secret@db.example:5433/tracker?sslmode=require",
    "ALLOWED_HOSTS": "tracker.example",
    "PUBLIC_URL": "https://tracker.example",
    "MAIL_HOST": "mail.example",
}


DATABASE = (
    "import tracker.settings as s; d = s.DATABASES['default'];"
    "print(d['NAME'], d['HOST'], d['PORT'], d['OPTIONS'], s.ALLOWED_HOSTS, s.SECURE_SSL_REDIRECT, s.DEBUG)"
)


def start(program: str = DATABASE, **over: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(sys.path)} | GOOD | over
    command = [sys.executable, "-c", program]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_production_starts_with_everything_given() -> None:
    result = start()
    assert result.stdout.split() == [
        "tracker", "db.example", "5433", "{'sslmode':", "'require'}", "['tracker.example']", "True", "False",
    ]  # fmt: skip


@pytest.mark.parametrize("given", ["", "HSTS_SUBDOMAINS", "HSTS_PRELOAD"])
def test_hsts_binds_other_hosts_only_when_asked(given: str) -> None:
    program = (
        "import tracker.settings as s;"
        "print(s.SECURE_HSTS_SECONDS, s.SECURE_HSTS_INCLUDE_SUBDOMAINS, s.SECURE_HSTS_PRELOAD)"
    )
    said = start(program, **({given: "1"} if given else {})).stdout.split()
    assert said == ["31536000", str(given == "HSTS_SUBDOMAINS"), str(given == "HSTS_PRELOAD")]


@pytest.mark.parametrize(
    ("over", "words"),
    [
        ({"SECRET_KEY": ""}, "SECRET_KEY is not set"),
        ({"SECRET_KEY": "short"}, "SECRET_KEY is shorter than 50 characters"),
        ({"DATABASE_URL": ""}, "DATABASE_URL is not set"),
        ({"DATABASE_URL": "mysql://x"}, "DATABASE_URL must begin with postgresql://"),
        ({"DATABASE_URL": "postgresql://h/db?nonsense=1"}, "DATABASE_URL cannot be read"),
        ({"ALLOWED_HOSTS": ""}, "ALLOWED_HOSTS is not set"),
        ({"PUBLIC_URL": ""}, "PUBLIC_URL is not set"),
        *(
            ({"PUBLIC_URL": url}, "PUBLIC_URL is")
            for url in (
                "tracker.example",
                "ftp://x",
                "https://",
                "https://x/path",
                "https://a:b@x",
                "https://x:port",
            )
        ),
        ({"ALLOWED_HOSTS": ","}, "ALLOWED_HOSTS names no host"),
        ({"ALLOWED_HOSTS": " , "}, "ALLOWED_HOSTS names no host"),
        ({"PUBLIC_URL": "http://tracker.example"}, "PUBLIC_URL is 'http://tracker.example' while TLS=1"),
        ({"ALLOWED_HOSTS": "*"}, "ALLOWED_HOSTS must name the hosts"),
        ({"TRACKER_MODE": "prod"}, "TRACKER_MODE is 'prod'; it must be one of production, local, test"),
        ({"SECRET_KEY": "x" * 60}, "or the same few over and over"),
        ({"TLS": "maybe"}, "TLS is 'maybe'; write 1 or 0"),
        ({"TLS": ""}, "TLS is not set. Write TLS=1 where a proxy"),
        ({"TRUSTED_PROXIES": "all"}, "TRUSTED_PROXIES is 'all'; write a whole number from 0 to 9"),
        ({"MAIL_HOST": ""}, "MAIL_HOST is not set"),
        ({"MAIL_PORT": "smtp"}, "MAIL_PORT is 'smtp'; write a whole number from 1 to 65535"),
        ({"MAIL_SECURITY": "ssl"}, "MAIL_SECURITY is 'ssl'; it must be one of starttls, tls, none"),
        *(
            ({"REDIS_URL": url}, "REDIS_URL must be unix:///path/to/socket or redis://host:port/database")
            for url in (
                "localhost:6379",
                "redis://",
                "redis://host:port/0",
                "redis://host/zero",
                "redis://host/0?db=1",
                "unix://host/path",
                "unix:///",
                "unix:///path?db=",
                "unix:///path?user=x",
                "valkey+unix:///path",
            )
        ),
    ],
)
def test_wrong_variables_stop_the_start(over: dict[str, str], words: str) -> None:
    result = start(**over)
    assert result.returncode != 0
    assert words in result.stderr


def test_zones_come_from_the_pinned_package() -> None:
    import zoneinfo

    assert zoneinfo.TZPATH == ()


@pytest.mark.parametrize(
    ("redis", "broker"),
    [
        ("", ""),
        ("redis://:secret@cache.example:6380/3", "redis://:secret@cache.example:6380/3"),
        ("unix:///run/valkey/socket", "redis+socket:///run/valkey/socket"),
        ("unix:///a%20place/socket?db=2", "redis+socket:///a%20place/socket?virtual_host=2"),
    ],
)
def test_the_broker_of_a_redis_url(redis: str, broker: str) -> None:
    from tracker import settings

    assert settings.broker_of(redis) == broker


def test_without_a_broker_nothing_is_published_and_nobody_waits() -> None:
    """Celery by itself would look for a message server on this machine."""
    program = (
        "import django; django.setup(); from tracker import celery_app\n"
        "try: celery_app.send_task('any.task')\n"
        "except Exception as error: print(type(error).__name__, error)"
    )
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(sys.path)} | GOOD
    result = subprocess.run(
        [sys.executable, "-c", program],
        env=environment | {"DJANGO_SETTINGS_MODULE": "tracker.settings"},
        capture_output=True, text=True, check=False, timeout=30,
    )  # fmt: skip
    assert result.stdout.startswith("ImproperlyConfigured REDIS_URL is not set"), result.stderr
