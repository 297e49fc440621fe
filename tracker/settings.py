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


def read_number(name: str, default: int, least: int, most: int) -> int:
    """The variable `name` as a whole number from `least` to `most`; ImproperlyConfigured for anything else."""
    value = read_text(name, str(default))
    if not value.isascii() or not value.isdigit() or not least <= int(value) <= most:
        raise ImproperlyConfigured(f"{name} is {value!r}; write a whole number from {least} to {most}.")
    return int(value)


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


def read_site(name: str, default: str | None = None) -> str:
    """The address of the site in `name`, scheme and host alone: `https://tracker.example`; or `default`."""
    url = read_text(name, default)
    if not url:
        return ""
    try:
        parts = urlsplit(url)
        known = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:  # a port that is no number
        known = False
    if not known or parts.username or parts.path not in ("", "/") or parts.query or parts.fragment:
        raise ImproperlyConfigured(
            f"{name} is {url!r}; write scheme and host alone, such as https://tracker.example"
        )
    return f"{parts.scheme}://{parts.netloc}"


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
PRODUCTION, LOCAL, TESTING = MODE == "production", MODE == "local", MODE == "test"

DEBUG = False if PRODUCTION else read_bool("DEBUG", False)
SECRET_KEY = read_text("SECRET_KEY", "only-for-tests-" + "0" * 50 if TESTING else None)
if PRODUCTION and (len(SECRET_KEY) < 50 or len(set(SECRET_KEY)) < 5):
    raise ImproperlyConfigured(
        "SECRET_KEY is shorter than 50 characters, or the same few over and over; make a long random one."
    )
# Keys of before: what they signed or encrypted is still understood, nothing new is made with them.
SECRET_KEY_FALLBACKS = [key for key in read_text("SECRET_KEY_FALLBACKS", "").split(",") if key]
ALLOWED_HOSTS = [
    host.strip() for host in read_text("ALLOWED_HOSTS", "*" if TESTING else None).split(",") if host.strip()
]
if PRODUCTION and "*" in ALLOWED_HOSTS:
    raise ImproperlyConfigured(
        "ALLOWED_HOSTS must name the hosts that are served; '*' would trust any of them."
    )

# Behind a proxy that ends TLS (the usual way), production is HTTPS only; TLS=0 is for a closed network.
if PRODUCTION and not read_text("TLS", ""):
    raise ImproperlyConfigured(
        "TLS is not set. Write TLS=1 where a proxy in front ends TLS and sets X-Forwarded-Proto (HTTPS only), or TLS=0 "
        "for plain HTTP in a closed network."
    )
TLS = read_bool("TLS", False)
# How many proxies stand in front: the client's address is the one that the outermost of them wrote, counted from the
# right of X-Forwarded-For. With 0 the header is never believed.
TRUSTED_PROXIES = read_number("TRUSTED_PROXIES", 1 if TLS else 0, 0, 9)
# What links and codes that leave the site begin with: mails, badges on paper. Whatever host a request names.
_hosts = [host for host in ALLOWED_HOSTS if not host.startswith((".", "*"))] or ["testserver"]
PUBLIC_URL = read_site("PUBLIC_URL", None if PRODUCTION else f"http://{_hosts[0]}")
SECURE_SSL_REDIRECT = SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = TLS
if TLS:
    # A browser takes such a cookie only from this very host, over TLS: no neighbour can set it.
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-session", "__Host-csrf"
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_HSTS_SECONDS = 365 * 24 * 3600
    # Promises for other hosts of the domain, which browsers keep for a year: made only when asked for.
    SECURE_HSTS_INCLUDE_SUBDOMAINS = read_bool("HSTS_SUBDOMAINS", False)
    SECURE_HSTS_PRELOAD = read_bool("HSTS_PRELOAD", False)
    # Django warns of what we leave to whoever owns the domain.
    SILENCED_SYSTEM_CHECKS = [
        *([] if SECURE_HSTS_INCLUDE_SUBDOMAINS else ["security.W005"]),
        *([] if SECURE_HSTS_PRELOAD else ["security.W021"]),
    ]
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "tracker.urls.stale_form"
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SECURE_REFERRER_POLICY = "strict-origin-when-cross-origin"
X_FRAME_OPTIONS = "DENY"
# Set for all pages: the middleware that asks for the form's token reads the file before the page is known.
FILE_UPLOAD_HANDLERS = [
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "tracker.core.receiving.NamelessFileUploadHandler",
]

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
        ("forget sign-in attempts", "tracker.accounts.tasks.forget_attempts", 24 * 3600),
        ("obey retention", "tracker.missions.tasks.obey_retention", 24 * 3600),
        ("forget files", "tracker.ingest.tasks.forget_files", 24 * 3600),
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
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "csp",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "tracker.core",
    "tracker.elections",
    "tracker.stations",
    "tracker.missions",
    "tracker.fieldwork",
    "tracker.coverage",
    "tracker.ingest",
    "tracker.public",
    "tracker.opendata",
    "tracker.staff",
    "tracker.accounts",
]

MIDDLEWARE = [
    "tracker.accounts.headers.HeadersMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "tracker.public.framing.FramingMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "django.middleware.http.ConditionalGetMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "tracker.accounts.middleware.SignedInMiddleware",
    "tracker.accounts.middleware.ThrottleMiddleware",
    "allauth.account.middleware.AccountMiddleware",
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
        "object-src": ["'none'"],
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

# --- open data (docs/decisions/0017-open-data.md) --------------------------------------------------------------------

# Read by everybody alike: nobody signs in there, nothing is written, and no cookie is read or set.
DATA_LICENCE = read_choice("DATA_LICENCE", ("CC-BY-4.0", "CC0-1.0", "ODbL-1.0"), "CC-BY-4.0")
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": [],
    "UNAUTHENTICATED_USER": None,
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "URL_FORMAT_OVERRIDE": None,
    "EXCEPTION_HANDLER": "tracker.opendata.api.problems.problem_of",
    "DEFAULT_SCHEMA_CLASS": "tracker.opendata.api.schema.DatasetSchema",
}
SPECTACULAR_SETTINGS = {
    "OAS_VERSION": "3.1.0",
    "TITLE": "Election observation tracker: open data",
    "VERSION": "1",
    "DESCRIPTION": (
        "Everything public in the register, read-only. Elections stand at the top; everything else stands within one. "
        "Lists come in pages: follow `next`. What is not known is null, never zero. Figures name their edition; an "
        "answer that did not change since your last request is a 304 to its ETag."
    ),
    "SERVERS": [{"url": "/"}],
    "POSTPROCESSING_HOOKS": ["tracker.opendata.api.schema.add_components"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SWAGGER_UI_SETTINGS": {"deepLinking": True, "validatorUrl": None, "supportedSubmitMethods": ["get"]},
}

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

# --- accounts (docs/decisions/0012-accounts.md) ----------------------------------------------------------------------

# Who somebody is says the first; what they may do says the second alone, from their roles.
AUTHENTICATION_BACKENDS = ["tracker.accounts.backends.SignInBackend", "tracker.core.access.RoleBackend"]
if TESTING:
    # Hundreds of accounts are made, and none is a secret.
    PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "tracker.accounts.passwords.StrengthValidator", "OPTIONS": {"min_length": 12}},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "admin:index"
PASSWORD_RESET_TIMEOUT = 3600
SESSION_IDLE_SECONDS = 30 * 60
SESSION_SECONDS = SESSION_COOKIE_AGE = 12 * 3600  # since signing in, whatever happens
SESSION_WARNING_SECONDS = 120

ACCOUNT_ADAPTER = "tracker.accounts.adapters.AccountAdapter"
ACCOUNT_FORMS = {"login": "tracker.accounts.forms.SignInForm"}
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
# Ours is in the database (accounts.throttle); allauth's counts in each process's memory.
ACCOUNT_RATE_LIMITS = False
MFA_RATE_LIMITS = False
MFA_ADAPTER = "tracker.accounts.adapters.MFAAdapter"
MFA_FORMS = {
    "activate_totp": "tracker.accounts.forms.EnrolAppForm",
    "authenticate": "tracker.accounts.forms.CodeForm",
    "reauthenticate": "tracker.accounts.forms.ConfirmCodeForm",
    "authenticate_webauthn": "tracker.accounts.forms.PasskeyForm",
    "reauthenticate_webauthn": "tracker.accounts.forms.ConfirmPasskeyForm",
}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_TOTP_TOLERANCE = 1
MFA_TOTP_ISSUER = "Observation tracker"
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_ALLOW_UNVERIFIED_EMAIL = True  # invited by mail: whoever has an account has read it
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not TLS

# Mail: in a local copy to the terminal until a server is named. In production a log of links to sign in is a leak.
PRINTED = "print"
MAIL_HOST = read_text("MAIL_HOST", "" if PRODUCTION else PRINTED)
if not MAIL_HOST:
    raise ImproperlyConfigured(
        "MAIL_HOST is not set. Name the mail server; or write MAIL_HOST=print, and mails are printed where the server "
        "runs: whoever reads that log can use the links to sign in."
    )
EMAIL_BACKEND = f"django.core.mail.backends.{'console' if MAIL_HOST == PRINTED else 'smtp'}.EmailBackend"
MAIL_SECURITY = read_choice("MAIL_SECURITY", ("starttls", "tls", "none"), "starttls")
EMAIL_HOST, EMAIL_TIMEOUT = "" if MAIL_HOST == PRINTED else MAIL_HOST, 10
EMAIL_PORT = read_number("MAIL_PORT", {"starttls": 587, "tls": 465, "none": 25}[MAIL_SECURITY], 1, 65535)
EMAIL_USE_TLS, EMAIL_USE_SSL = MAIL_SECURITY == "starttls", MAIL_SECURITY == "tls"
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = read_text("MAIL_USER", ""), read_text("MAIL_PASSWORD", "")
DEFAULT_FROM_EMAIL = SERVER_EMAIL = read_text("MAIL_FROM", f"tracker@{urlsplit(PUBLIC_URL).hostname}")
# Apart from the request: how long it takes must not tell whether an account exists.
MAIL_IN_BACKGROUND = not TESTING

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
