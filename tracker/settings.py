"""Settings of the tracker, read from the environment by strict readers.

A missing or wrong variable stops the start with its name, what was found and how to mend it.
TRACKER_MODE says where we run: `production` (the default, everything must be given), `local` (`make run` on the
reader's own machine, plain HTTP on loopback) or `test` (the test suite and the type checker).
"""

import os
import zoneinfo
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from django.core.exceptions import ImproperlyConfigured
from psycopg.conninfo import conninfo_to_dict

BASE_DIR = Path(__file__).resolve().parent.parent

# Local times must come from the pinned tzdata package: a system's old or trimmed zone files give wrong hours
# (Kazakhstan changed its offset three weeks after the first election in the register).
zoneinfo.reset_tzpath(to=())
zoneinfo.ZoneInfo.clear_cache()


def read_text(name: str, default: str | None = None) -> str:
    """The variable `name`, or `default`; ImproperlyConfigured when it is missing or empty and has no default."""
    value = os.environ.get(name, "").strip()
    if value:
        return value
    if default is None:
        raise ImproperlyConfigured(f"{name} is not set. Set it in the environment; README.md says how.")
    return default


def read_choice(name: str, choices: tuple[str, ...], default: str) -> str:
    """The variable `name`, which must be one of `choices`; ImproperlyConfigured otherwise."""
    value = read_text(name, default)
    if value not in choices:
        raise ImproperlyConfigured(f"{name} is {value!r}; it must be one of {', '.join(choices)}.")
    return value


def read_bool(name: str, default: bool) -> bool:
    """The variable `name` as yes or no: 1/0, true/false, yes/no; ImproperlyConfigured for any other word."""
    value = read_text(name, "1" if default else "0").lower()
    if value in {"1", "true", "yes"}:
        return True
    if value in {"0", "false", "no"}:
        return False
    raise ImproperlyConfigured(f"{name} is {value!r}; write 1 or 0.")


def read_database(name: str, default: str | None = None) -> dict[str, object]:
    """The PostgreSQL address in `name` (`postgresql://user:password@host:port/name?option=...`) for DATABASES."""
    url = read_text(name, default)
    if not url.startswith(("postgresql://", "postgres://")):
        raise ImproperlyConfigured(
            f"{name} must begin with postgresql:// (the tracker runs on PostgreSQL 15 or later)."
        )
    try:
        parts = conninfo_to_dict(url)
    except Exception as error:
        raise ImproperlyConfigured(f"{name} cannot be read as a PostgreSQL address: {error}") from error
    known = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}
    database: dict[str, object] = {django: str(parts.pop(libpq, "") or "") for libpq, django in known.items()}
    # What this process is, for the history of changes: "command load_election", "worker". A request and a job say more.
    origin = read_text("TRACKER_ORIGIN", "").replace("\\", "").replace(" ", "\\ ")
    if origin:
        parts["options"] = f"{parts.get('options', '')} -c tracker.origin={origin}".strip()
    return database | {"ENGINE": "django.db.backends.postgresql", "OPTIONS": parts}


def read_redis(name: str) -> str:
    """The address of a server of the Redis protocol in `name`, or "": `unix:///path?db=0` or `redis://host:port/0`."""
    url = read_text(name, "")
    if not url:
        return ""
    wrong = ImproperlyConfigured(
        f"{name} must be unix:///path/to/socket or redis://host:port/database, or empty for no broker."
    )
    try:
        parts = urlsplit(url)
        options = dict(parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query)))
        if parts.port == 0 or parts.fragment:
            raise wrong
    except ValueError:  # a port that is no number, a part that is no option
        raise wrong from None
    if parts.scheme == "unix":
        known = not parts.netloc and len(parts.path) > 1 and options.keys() <= {"db"}
        database = options.get("db", "0")
    else:
        known = parts.scheme == "redis" and bool(parts.hostname) and not options
        database = parts.path.removeprefix("/") or "0"
    if not known or not database.isascii() or not database.isdigit():
        raise wrong
    return url


def broker_of(redis_url: str) -> str:
    """The same address as Celery writes it: sockets have another scheme, and the database another name."""
    if not redis_url.startswith("unix:"):
        return redis_url
    return redis_url.replace("unix:", "redis+socket:", 1).replace("?db=", "?virtual_host=")


MODE = read_choice("TRACKER_MODE", ("production", "local", "test"), "production")
PRODUCTION, TESTING = MODE == "production", MODE == "test"

DEBUG = False if PRODUCTION else read_bool("DEBUG", False)
SECRET_KEY = read_text("SECRET_KEY", "only-for-tests-" + "0" * 50 if TESTING else None)
if PRODUCTION and len(SECRET_KEY) < 50:
    raise ImproperlyConfigured("SECRET_KEY is shorter than 50 characters; make a long random one.")
ALLOWED_HOSTS = [
    host.strip() for host in read_text("ALLOWED_HOSTS", "*" if TESTING else None).split(",") if host.strip()
]
if PRODUCTION and "*" in ALLOWED_HOSTS:
    raise ImproperlyConfigured(
        "ALLOWED_HOSTS must name the hosts that are served; '*' would trust any of them."
    )

# Behind a proxy that ends TLS (the usual way), production is HTTPS only; TLS=0 is for a closed network.
TLS = read_bool("TLS", PRODUCTION)
SECURE_SSL_REDIRECT = SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = TLS
if TLS:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_HSTS_SECONDS = 365 * 24 * 3600
    # Promises for other hosts of the domain, which browsers keep for a year: made only when asked for.
    SECURE_HSTS_INCLUDE_SUBDOMAINS = read_bool("HSTS_SUBDOMAINS", False)
    SECURE_HSTS_PRELOAD = read_bool("HSTS_PRELOAD", False)
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SECURE_REFERRER_POLICY = "strict-origin-when-cross-origin"
X_FRAME_OPTIONS = "DENY"

DATABASES = {
    "default": read_database("DATABASE_URL", "postgresql:///tracker" if TESTING else None)
    | {"CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}
}
# The broker carries nudges to the worker and nothing that is not in the database too; no page needs it. The cache
# stays in each process's memory for the same reason.
REDIS_URL = read_redis("REDIS_URL")
BROKER_SECONDS = 2  # whoever saves a visit waits no longer than this for a broker that is gone
CELERY_BROKER_URL = broker_of(REDIS_URL)
CELERY_BROKER_CONNECTION_TIMEOUT = BROKER_SECONDS
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "socket_connect_timeout": BROKER_SECONDS,
    "socket_timeout": 5,  # longer than the second for which a worker asks for the next message
    "max_retries": 0,
    # What a killed worker had in hand is handed out again after this. A task that takes longer runs twice:
    # tasks recompute, so twice has the effect of once.
    "visibility_timeout": 60,
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None  # a worker waits for its broker for ever
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = (
    False  # the work is done, only its message is not
)
CELERY_WORKER_REDIRECT_STDOUTS = False
CELERY_WORKER_LOG_FORMAT = CELERY_WORKER_TASK_LOG_FORMAT = "%(levelname)s %(name)s: %(message)s"
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE = {
    name: {"task": task, "schedule": seconds, "options": {"expires": seconds}}
    for name, task, seconds in (
        ("resume jobs", "tracker.core.tasks.resume_jobs", 60),
        ("forget submissions", "tracker.core.tasks.forget_submissions", 3600),
        ("refresh stale figures", "tracker.coverage.tasks.refresh_stale", 60),
        ("end embargoes", "tracker.coverage.tasks.end_embargoes", 5),
        ("thin editions", "tracker.coverage.tasks.thin_editions", 3600),
        ("expire accreditations", "tracker.missions.tasks.expire_accreditations", 3600),
        ("obey retention", "tracker.missions.tasks.obey_retention", 24 * 3600),
    )
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "core.User"

INSTALLED_APPS = [
    "tracker.staff.apps.StaffAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.sitemaps",
    "django.contrib.staticfiles",
    "django_filters",
    "csp",
    "tracker.core",
    "tracker.elections",
    "tracker.stations",
    "tracker.missions",
    "tracker.fieldwork",
    "tracker.coverage",
    "tracker.ingest",
    "tracker.public",
    "tracker.staff",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "django.middleware.http.ConditionalGetMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "tracker.coverage.middleware.NudgeMiddleware",
    # Last: what it wraps is the view.
    "tracker.core.middleware.IdentityMiddleware",
]

# Everything is served from our own host; nothing is inline, the admin included.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "manifest-src": ["'self'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
    }
}

ROOT_URLCONF = "tracker.urls"
WSGI_APPLICATION = "tracker.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("az", "Azərbaycanca"), ("ru", "Русский")]
LOCALE_PATHS = [BASE_DIR / "tracker" / "locale"]
FORMAT_MODULE_PATH = "tracker.formats"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
if PRODUCTION:
    STATIC_ROOT = Path(read_text("STATIC_ROOT", str(BASE_DIR / "staticfiles")))
    STORAGES = {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
        "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
    }
else:
    # No collecting step on the reader's own machine: files are served straight from where they lie.
    WHITENOISE_USE_FINDERS = True
    WHITENOISE_AUTOREFRESH = DEBUG or TESTING

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    # Without people's data and forged lines, whatever is logged: core.logs.
    "formatters": {
        "line": {
            "()": "tracker.core.logs.CleanFormatter",
            "format": "{levelname} {name}: {message}",
            "style": "{",
        }
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    # A page that is not there is the reader's affair, not a fault of ours.
    "loggers": {
        "django.request": {"level": "ERROR"},
        # Django's own handlers would mail what was typed, and print it a second time; "server" is that of runserver.
        "django": {"handlers": [], "level": "INFO"},
        "django.server": {"handlers": [], "propagate": True},
        # How many people were erased.
        "tracker.missions.retention": {"level": "INFO"},
    },
}
