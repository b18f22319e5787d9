"""Settings, read from the environment only. Every variable has a default that works on one machine."""

from __future__ import annotations

from pathlib import Path

from csp.constants import NONE, SELF
from environs import Env

from dashboard import home

env = Env()

BASE_DIR = Path(__file__).resolve().parent.parent
TRIAGE_HOME = home.prepare(Path(env.str("TRIAGE_HOME", str(BASE_DIR / "var"))).absolute())
PORT = env.int("PORT", 8000)

SECRET_KEY = env.str("SECRET_KEY", "") or home.secret_key(TRIAGE_HOME)
DEBUG = env.bool("DEBUG", False)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS: list[str] = env.list("CSRF_TRUSTED_ORIGINS", [])

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django_htmx",
    "csp",
    "triage",
    "dashboard",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "dashboard.middleware.RefuseNullCharacters",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "dashboard.urls"
ASGI_APPLICATION = "dashboard.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "dashboard.context.shell",
            ],
        },
    },
]

DATABASES = {"default": env.dj_db_url("DATABASE_URL", f"sqlite:///{TRIAGE_HOME / 'triage.sqlite3'}")}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA temp_store=MEMORY;",
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_IS_ELSEWHERE = bool(env.str("REDIS_URL", ""))
"""Whether somebody else runs Redis or Valkey; else ``manage.py up`` starts the embedded one."""
REDIS_URL = env.str("REDIS_URL", "") or f"unix://{home.valkey_socket(TRIAGE_HOME)}"
CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}}

CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://", 1)
CELERY_TASK_IGNORE_RESULT = True
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_ACKS_LATE = True

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English")]
TIME_ZONE = "UTC"
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = Path(env.str("TRIAGE_STATIC_ROOT", "") or TRIAGE_HOME / "staticfiles")
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "dashboard.static_files.HashedStaticFiles"},
}

LOGIN_URL = "sign_in"
LOGIN_REDIRECT_URL = "overview"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
SESSION_COOKIE_AGE = 60 * 60 * 24 * 30
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    },
}

OPEN_REFERENCE = env.bool("TRIAGE_OPEN_REFERENCE", True)
"""Whether strangers may read the reference and use the diagnosis and the walk."""

TRIAGE_MAX_BODY_BYTES = env.int("TRIAGE_MAX_BODY_BYTES", 4 * 1024 * 1024)
"""The largest report that is accepted, as sent."""
TRIAGE_MAX_DECOMPRESSED_BYTES = env.int("TRIAGE_MAX_DECOMPRESSED_BYTES", 8 * 1024 * 1024)
"""The largest report that is accepted, after decompression."""
TRIAGE_MAX_NESTING = env.int("TRIAGE_MAX_NESTING", 40)
"""How many levels deep a report's JSON may be."""
TRIAGE_MAX_RECORDS = env.int("TRIAGE_MAX_RECORDS", 10_000)
"""How many attempts, log records, spans or metrics one report may hold."""
TRIAGE_INBOX_MAX_ENTRIES = env.int("TRIAGE_INBOX_MAX_ENTRIES", 100_000)
"""How many reports may wait for the digest before clients are told to come back later."""
TRIAGE_INBOX_MAX_BYTES = env.int("TRIAGE_INBOX_MAX_BYTES", 128 * 1024 * 1024)
"""How many bytes of reports may wait for the digest before clients are told to come back later."""
TRIAGE_BODIES_PER_ISSUE_MINUTE = env.int("TRIAGE_BODIES_PER_ISSUE_MINUTE", 3)
"""How many reports an issue keeps whole each minute; all are counted, and all failed ones can be found."""
TRIAGE_MAX_VALUES_PER_DAY = env.int("TRIAGE_MAX_VALUES_PER_DAY", 500)
"""How many services, models, teams, environments and clients a project may name a day; others are told as one."""
TRIAGE_KEEP_BODIES_DAYS = env.int("TRIAGE_KEEP_BODIES_DAYS", 30)
"""How long reports that were kept whole stay whole."""
TRIAGE_KEEP_REQUESTS_DAYS = env.int("TRIAGE_KEEP_REQUESTS_DAYS", 90)
"""How long a request and its attempts can be found."""
TRIAGE_KEEP_MINUTES_DAYS = env.int("TRIAGE_KEEP_MINUTES_DAYS", 14)
"""How long counts by the minute are kept."""
TRIAGE_KEEP_HOURS_DAYS = env.int("TRIAGE_KEEP_HOURS_DAYS", 730)
"""How long counts by the hour are kept."""
TRIAGE_CLAIM_AFTER_SECONDS = env.float("TRIAGE_CLAIM_AFTER_SECONDS", 15.0)
"""How long a worker may hold reports before another takes them over; longer than digesting one batch takes."""

TRIAGE_CHECKS = env.bool("TRIAGE_CHECKS", True)
"""Whether this server checks the way to the API by the clock; without it people can still run checks themselves."""
TRIAGE_CHECK_SECONDS = env.int("TRIAGE_CHECK_SECONDS", 30)
"""How often: the way to the API and this server; the key and the status page half as often, models a quarter."""
TRIAGE_CHECK_TIMEOUT_SECONDS = env.float("TRIAGE_CHECK_TIMEOUT_SECONDS", 8.0)
"""How long a check may take."""
TRIAGE_CHECK_SLOW_SECONDS = env.float("TRIAGE_CHECK_SLOW_SECONDS", 3.0)
"""From when on an answer is slow."""
TRIAGE_CHECK_ONE_TOKEN = env.bool("TRIAGE_CHECK_ONE_TOKEN", False)
"""Whether the check of a model also sends a message of one token, which costs money each time."""
TRIAGE_CHECK_STATUS_URL = env.str("TRIAGE_CHECK_STATUS_URL", "https://status.claude.com/api/v2/summary.json")
"""The provider's status page as JSON."""
TRIAGE_KEEP_CHECKS_DAYS = env.int("TRIAGE_KEEP_CHECKS_DAYS", 14)
"""How long results of checks are kept."""

TRIAGE_BASE_URL = env.str("TRIAGE_BASE_URL", f"http://127.0.0.1:{PORT}").rstrip("/")
"""Where people reach this server: what links in messages begin with."""
TRIAGE_ALLOW_PRIVATE_WEBHOOKS = env.bool("TRIAGE_ALLOW_PRIVATE_WEBHOOKS", False)
"""Whether alerts may be sent to private addresses, such as another program on this machine."""
TRIAGE_ALERT_SEND_SECONDS = env.float("TRIAGE_ALERT_SEND_SECONDS", 10.0)
"""How long sending a message may take; after three times as long another worker takes it over."""
TRIAGE_KEEP_ALERTS_DAYS = env.int("TRIAGE_KEEP_ALERTS_DAYS", 90)
"""How long is kept what was told."""
_MAIL = env.dj_email_url("EMAIL_URL", "smtp://127.0.0.1:25")
EMAIL_BACKEND, EMAIL_HOST, EMAIL_PORT = (_MAIL[name] for name in ("EMAIL_BACKEND", "EMAIL_HOST", "EMAIL_PORT"))
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _MAIL["EMAIL_HOST_USER"], _MAIL["EMAIL_HOST_PASSWORD"]
EMAIL_USE_TLS, EMAIL_USE_SSL = _MAIL["EMAIL_USE_TLS"], _MAIL["EMAIL_USE_SSL"]
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", "Triage <triage@localhost>")
"""The sender of the mails."""

ANTHROPIC_API_KEY = env.str("ANTHROPIC_API_KEY", "")
"""With it people can ask Claude about an error, and the checks try the key; without it nothing ever asks."""
ANTHROPIC_BASE_URL = env.str("ANTHROPIC_BASE_URL", "") or "https://api.anthropic.com"
"""Where the API is for this server, as for the SDK: what the checks call."""
TRIAGE_ASK_MODEL = env.str("TRIAGE_ASK_MODEL", "claude-sonnet-4-6")
"""Which model is asked."""
TRIAGE_ASK_MAX_TOKENS = env.int("TRIAGE_ASK_MAX_TOKENS", 1024)
"""How long an answer may get."""
TRIAGE_ASK_PER_DAY = env.int("TRIAGE_ASK_PER_DAY", 200)
"""How many questions the whole server asks in a day (UTC)."""

TRIAGE_MAX_PASTE_CHARS = env.int("TRIAGE_MAX_PASTE_CHARS", 1_000_000)
"""Characters of a text that the diagnosis takes, from the page and from the API."""
TRIAGE_MAX_REQUEST_BYTES = env.int("TRIAGE_MAX_REQUEST_BYTES", 34 * 1024 * 1024)
"""Bytes of a request that the checker takes; above the 32 MB of the API, so that it can say what is too large."""
DATA_UPLOAD_MAX_MEMORY_SIZE = max(12 * TRIAGE_MAX_PASTE_CHARS, TRIAGE_MAX_REQUEST_BYTES) + 65_536
"""Bytes of a form or JSON body; a character takes up to 12 of them in a form, so the limits above are met first."""
