"""The one settings module: it reads the environment from top to bottom and has a working answer for each setting.

With nothing set at all this is the embedded mode: SQLite, Celery's filesystem broker, mail written to files. Each of
DATABASE_URL, CELERY_BROKER_URL / REDIS_URL and EMAIL_URL switches one part to a real server. `.env.example` names
every setting.
"""

import os
import sys
from email.utils import parseaddr
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured
from django.utils.csp import CSP

from statuspage.core.env import Env, keep_secret
from statuspage.core.http.allowed import AllowList
from statuspage.core.mail_url import is_smtp, read_mail_url

BASE_DIR = Path(__file__).resolve().parent.parent
env = Env()

# --- where things are kept -----------------------------------------------------------------------------------------
DATA_DIR = Path(env.text("DATA_DIR", "var"))
if not DATA_DIR.is_absolute():
    DATA_DIR = BASE_DIR / DATA_DIR
# Configuration files say ${DATA_DIR}, ${SELF_URL} and ${PUBLIC_URL}; each always has a value.
os.environ["DATA_DIR"] = str(DATA_DIR)
SELF_URL = env.text("SELF_URL", "http://127.0.0.1:8000").rstrip("/")
os.environ["SELF_URL"] = SELF_URL
PUBLIC_URL = env.text("PUBLIC_URL", "").rstrip("/")
if PUBLIC_URL and (urlsplit(PUBLIC_URL).scheme not in {"http", "https"} or not urlsplit(PUBLIC_URL).hostname):
    raise ImproperlyConfigured(
        f"PUBLIC_URL is {PUBLIC_URL!r}; expected an address such as https://status.example.com."
    )
os.environ["PUBLIC_URL"] = PUBLIC_URL or SELF_URL
EDITION_DIR = Path(env.text("EDITION_DIR", str(DATA_DIR / "edition")))

# --- security ------------------------------------------------------------------------------------------------------
DEBUG = env.boolean("DEBUG", default=False)
DATABASE_URL = env.text("DATABASE_URL", f"sqlite:///{DATA_DIR / 'statuspage.sqlite3'}")
USES_SQLITE = DATABASE_URL.startswith("sqlite")
if USES_SQLITE:
    # One machine, no configuration: the key is made once and kept beside the database.
    SECRET_KEY = env.text("SECRET_KEY", "") or keep_secret(DATA_DIR / "secret_key")
else:
    SECRET_KEY = env.text("SECRET_KEY")
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", "127.0.0.1,localhost,[::1]")
if PUBLIC_URL:
    ALLOWED_HOSTS.append(urlsplit(PUBLIC_URL).hostname or "")
TRUSTED_PROXY_COUNT = env.integer("TRUSTED_PROXY_COUNT", 0)
SECURE_SSL_REDIRECT = env.boolean("SECURE_SSL_REDIRECT", default=False)
if TRUSTED_PROXY_COUNT:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT
SESSION_COOKIE_HTTPONLY = True
SECURE_HSTS_SECONDS = env.integer("SECURE_HSTS_SECONDS", 31_536_000 if SECURE_SSL_REDIRECT else 0)
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = False
# What else lives below this host name, and browsers' preload list, are for the owner of the domain to decide.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "DENY"
CSRF_FAILURE_VIEW = "statuspage.web.errors.pages.form_expired"
CSRF_TRUSTED_ORIGINS = env.words("CSRF_TRUSTED_ORIGINS")
SECURE_CSP = {
    "default-src": [CSP.SELF],
    "img-src": [CSP.SELF, "data:"],
    "object-src": [CSP.NONE],
    "base-uri": [CSP.NONE],
    "form-action": [CSP.SELF],
    "frame-ancestors": [CSP.NONE],
}
# The public POSTs are small; staff forms are text. 10,000 fields or 10 MB are somebody's attack.
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000_000
DATA_UPLOAD_MAX_NUMBER_FIELDS = 500

# --- Django --------------------------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "statuspage.web.console.apps.ConsoleConfig",  # django.contrib.admin with a front page of our own
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_htmx",
    "statuspage",
    "components",
    "incidents",
    "probes",
    "subscriptions",
    "statuspage.web",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "statuspage.web.errors.middleware.DomainErrorMiddleware",
    "statuspage.web.errors.database_down.DatabaseDownMiddleware",
]
ROOT_URLCONF = "statuspage.urls"
WSGI_APPLICATION = "statuspage.wsgi.application"
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LANGUAGE_CODE = "en"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"
LOGIN_URL = "admin:login"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

# --- database ------------------------------------------------------------------------------------------------------
try:
    _database: dict[str, Any] = dict(environ.Env.db_url_config(DATABASE_URL))
except Exception as error:
    raise ImproperlyConfigured(f"DATABASE_URL is not a database URL: {error}.") from error
if USES_SQLITE:
    Path(_database["NAME"]).parent.mkdir(parents=True, exist_ok=True)
    _database["OPTIONS"] = {
        # Writers queue up at BEGIN instead of failing half-way with "database is locked".
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;",
    }
    # A file, since threads cannot share a database in memory the way processes share this one.
    _database["TEST"] = {"NAME": str(DATA_DIR / f"test-{os.getpid()}.sqlite3")}
elif _database.get("ENGINE") == "django.db.backends.postgresql":
    # Django's own, with connections that do not wait for a server that has stopped answering.
    _database["ENGINE"] = "statuspage.core.postgresql"
    _database["CONN_MAX_AGE"] = 60
    _database["CONN_HEALTH_CHECKS"] = True
    _database["OPTIONS"] = {
        **_database.get("OPTIONS", {}),
        # A database that accepts but never answers must not hold a request: see case 2 of the failure tests.
        "connect_timeout": env.integer("DATABASE_CONNECT_TIMEOUT_SECONDS", 2, minimum=1),
        "tcp_user_timeout": 4000,
    }
else:
    raise ImproperlyConfigured("DATABASE_URL must begin with postgres:// or sqlite:///.")
DATABASES = {"default": _database}

# --- Redis, cache, Celery ------------------------------------------------------------------------------------------
REDIS_URL = env.text("REDIS_URL", "")
CACHES: dict[str, dict[str, Any]] = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        # A Redis that accepts but never answers must not hold the request that only wanted to count.
        "OPTIONS": {"socket_connect_timeout": 0.5, "socket_timeout": 0.5},
    }
    if REDIS_URL
    else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
}
_broker_folder = DATA_DIR / "broker"
CELERY_BROKER_URL = env.text("CELERY_BROKER_URL", REDIS_URL or "filesystem://localhost")
USES_FILE_BROKER = CELERY_BROKER_URL.startswith("filesystem:")
EMBEDDED = USES_SQLITE and USES_FILE_BROKER
CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, Any] = {}
if USES_FILE_BROKER:
    for _name in ("messages", "control"):
        (_broker_folder / _name).mkdir(parents=True, exist_ok=True)
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(_broker_folder / "messages"),
        "data_folder_out": str(_broker_folder / "messages"),
        "control_folder": str(_broker_folder / "control"),
        "polling_interval": 0.2,
    }
elif CELERY_BROKER_URL.startswith("redis"):
    # The lease in the row decides who may repeat work, not the broker; its redelivery only has to be later than that.
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "visibility_timeout": 600,
        "socket_connect_timeout": 2,
        "socket_timeout": 5,
    }
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# Without a broker there is nothing else to do than to wait for it, however long it takes.
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_WORKER_CONSUMER = "statuspage.core.broker_consumer:Consumer"
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_TIME_LIMIT = 300
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_ROUTES = {
    "subscriptions.send_batch": {"queue": "mail"},
    "incidents.send_report_mails": {"queue": "mail"},
}
# A wake-up is only a hint, the sweep finds what it missed: a dead broker must not hold the request that posts.
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE_FILENAME = str(DATA_DIR / "beat-schedule")
CELERY_BEAT_SCHEDULE: dict[str, dict[str, Any]] = {
    "probes.tick": {"task": "probes.tick", "schedule": 1.0, "options": {"expires": 2}},
    "probes.report_worker_heartbeat": {
        "task": "probes.report_worker_heartbeat",
        "schedule": 10.0,
        "options": {"expires": 10},
    },
    "probes.roll_up": {"task": "probes.roll_up", "schedule": 60.0, "options": {"expires": 60}},
    "probes.apply_retention": {
        "task": "probes.apply_retention",
        "schedule": 3600.0,
        "options": {"expires": 3600},
    },
    # Nobody waits for it by the minute; within seven days it finds what an outage of ours has missed.
    "probes.make_monthly_report": {
        "task": "probes.make_monthly_report",
        "schedule": 600.0,
        "options": {"expires": 600},
    },
    "incidents.run_maintenance": {
        "task": "incidents.run_maintenance",
        "schedule": 5.0,
        "options": {"expires": 10},
    },
    "incidents.sweep_reports": {"task": "incidents.sweep_reports", "schedule": 10.0, "options": {"expires": 10}},
    "incidents.forget_report_contacts": {
        "task": "incidents.forget_report_contacts",
        "schedule": 86_400.0,
        "options": {"expires": 86_400},
    },
    "incidents.chase": {"task": "incidents.chase", "schedule": 15.0, "options": {"expires": 15}},
    "incidents.tell_component_changes": {
        "task": "incidents.tell_component_changes",
        "schedule": 5.0,
        "options": {"expires": 10},
    },
    "incidents.publish_drafts": {"task": "incidents.publish_drafts", "schedule": 5.0, "options": {"expires": 10}},
    "subscriptions.sweep": {"task": "subscriptions.sweep", "schedule": 2.0, "options": {"expires": 4}},
    "subscriptions.watch_deliveries": {
        "task": "subscriptions.watch_deliveries",
        "schedule": 15.0,
        "options": {"expires": 15},
    },
    "subscriptions.run_imports": {"task": "subscriptions.run_imports", "schedule": 5.0, "options": {"expires": 5}},
    "subscriptions.apply_retention": {
        "task": "subscriptions.apply_retention",
        "schedule": 3600.0,
        "options": {"expires": 3600},
    },
}

# --- probes --------------------------------------------------------------------------------------------------------
PROBE_LOCATION = env.text("PROBE_LOCATION", "default")
PROBE_RESULT_RETENTION_DAYS = env.integer("PROBE_RESULT_RETENTION_DAYS", 14, minimum=1)
PROBE_SLOT_RETENTION_DAYS = env.integer("PROBE_SLOT_RETENTION_DAYS", 3, minimum=2)
PROBE_HOUR_RETENTION_DAYS = env.integer("PROBE_HOUR_RETENTION_DAYS", 100, minimum=1)
# A push may be 30 days late.
METRIC_RETENTION_DAYS = env.integer("METRIC_RETENTION_DAYS", 90, minimum=31)
SIGNAL_RETENTION_DAYS = env.integer("SIGNAL_RETENTION_DAYS", 400, minimum=1)

# --- reports from visitors -----------------------------------------------------------------------------------------
REPORT_CONTACT_RETENTION_DAYS = env.integer("REPORT_CONTACT_RETENTION_DAYS", 180, minimum=1)

# --- notices ------------------------------------------------------------------------------------------------------
# A component that falters for less, such as through a restart, is nobody's mail.
COMPONENT_NOTICE_AFTER_SECONDS = env.integer("COMPONENT_NOTICE_AFTER_SECONDS", 60)

# --- subscriptions -------------------------------------------------------------------------------------------------
# Letters that anybody can cause by typing an address: confirmations, reminders and links, in all.
SUBSCRIPTION_LETTERS_PER_HOUR = env.integer("SUBSCRIPTION_LETTERS_PER_HOUR", 1000, minimum=1)

# --- URLs that messages are posted to -----------------------------------------------------------------------------
try:
    OUTBOUND_ALLOWED_HOSTS = AllowList.read(env.words("OUTBOUND_ALLOWED_HOSTS"))
except ValueError as error:
    raise ImproperlyConfigured(f"OUTBOUND_ALLOWED_HOSTS: {error}.") from error

# --- deliveries and metrics ----------------------------------------------------------------------------------------
DELIVERY_QUEUE_AGE_LIMIT_SECONDS = env.integer("DELIVERY_QUEUE_AGE_LIMIT_SECONDS", 300, minimum=1)
DELIVERY_RETENTION_DAYS = env.integer("DELIVERY_RETENTION_DAYS", 400, minimum=1)
METRICS_TOKEN = env.text("METRICS_TOKEN", "")

# --- mail ----------------------------------------------------------------------------------------------------------
EMAIL_URL = env.text("EMAIL_URL", "")
MAIL_RATE_LIMIT = env.integer("MAIL_RATE_LIMIT", 0, minimum=0)
MAIL_SENDERS = env.integer("MAIL_SENDERS", 2, minimum=1)
DEFAULT_FROM_EMAIL = env.text("DEFAULT_FROM_EMAIL", "Status <status@localhost>")
if "@" not in parseaddr(DEFAULT_FROM_EMAIL)[1]:
    raise ImproperlyConfigured(f"DEFAULT_FROM_EMAIL is {DEFAULT_FROM_EMAIL!r}; expected an address.")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
if EMAIL_URL:
    try:
        # Besides SMTP those of Django's own backends: consolemail://, memorymail://, dummymail://.
        _mailer: dict[str, Any] = (
            read_mail_url(EMAIL_URL)
            if is_smtp(EMAIL_URL)
            else {"BACKEND": environ.Env.email_url_config(EMAIL_URL)["EMAIL_BACKEND"]}
        )
    except Exception as error:
        raise ImproperlyConfigured(f"EMAIL_URL is not a mail URL: {error}.") from error
    MAILERS = {"default": _mailer}
else:
    MAILERS = {
        "default": {
            "BACKEND": "statuspage.core.mail_files.EmailBackend",
            "OPTIONS": {"file_path": str(DATA_DIR / "mail")},
        },
    }

# --- bounces and complaints ----------------------------------------------------------------------------------------
# The providers that may post to /mail-events/<provider>/, and what they prove themselves with.
MAIL_EVENTS = env.words("MAIL_EVENTS")
MAIL_EVENTS_SECRET = env.text("MAIL_EVENTS_SECRET", "")
MAIL_EVENTS_SIGNING_KEY = env.text("MAIL_EVENTS_SIGNING_KEY", "")
MAIL_EVENTS_TOKEN = env.text("MAIL_EVENTS_TOKEN", "")
MAIL_PROVIDERS = ("amazon_ses", "brevo", "mailgun", "mailjet", "postmark", "sendgrid")
for _name in MAIL_EVENTS:
    if _name not in MAIL_PROVIDERS:
        raise ImproperlyConfigured(f"MAIL_EVENTS has {_name!r}; expected any of {', '.join(MAIL_PROVIDERS)}.")
    if _name == "mailgun" and not MAIL_EVENTS_SIGNING_KEY:
        raise ImproperlyConfigured("MAIL_EVENTS_SIGNING_KEY is not set: Mailgun signs what it posts with it.")
    if _name != "mailgun" and len(MAIL_EVENTS_SECRET.partition(":")[2]) < 16:
        raise ImproperlyConfigured("MAIL_EVENTS_SECRET must read user:password, with a password of 16 or more.")
if MAIL_EVENTS_TOKEN and len(MAIL_EVENTS_TOKEN) < 20:
    raise ImproperlyConfigured("MAIL_EVENTS_TOKEN is too short; expected 20 characters or more.")

# --- static files --------------------------------------------------------------------------------------------------
STATIC_URL = "static/"
STATIC_ROOT = Path(env.text("STATIC_ROOT", str(BASE_DIR / "staticfiles")))
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
WHITENOISE_MAX_AGE = 3600
if DEBUG or "pytest" in sys.modules:
    # No collected manifest in development and unit tests: serve straight from static/.
    STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = True

# --- logging -------------------------------------------------------------------------------------------------------
LOG_LEVEL = env.text("LOG_LEVEL", "INFO").upper()
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "filters": {
        "short_scheduling_errors": {"()": "statuspage.core.log_lines.ShortSchedulingErrors"},
        "hide_tokens": {"()": "statuspage.core.log_lines.HideTokens"},
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["hide_tokens"]}},
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
    # The broker's and beat's chatter about every tick would drown what matters.
    "loggers": {
        "celery.beat": {"level": "WARNING", "filters": ["short_scheduling_errors"]},
        "celery.worker.strategy": {"level": "WARNING"},
        "celery.app.trace": {"level": "WARNING"},
    },
}
