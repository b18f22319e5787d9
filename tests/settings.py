"""The settings under test: a folder of this run's own, and no database and no Redis but those named for tests.

``TEST_DATABASE_URL`` and ``TEST_REDIS_URL`` name servers for tests; what the caller's environment says of the
real ones is dropped before the settings are read, so that no test can reach them. Without the two, the run has
SQLite in a file and a Valkey of its own on a socket, both in its folder.
"""

import atexit
import os
import shutil
import tempfile

_OURS = {
    "DATABASE_URL",
    "REDIS_URL",
    "SECRET_KEY",
    "DEBUG",
    "PORT",
    "HOST",
    "ALLOWED_HOSTS",
    "CSRF_TRUSTED_ORIGINS",
    "EMAIL_URL",
    "DEFAULT_FROM_EMAIL",
    "ANTHROPIC_API_KEY",
    "ANTHROPIC_BASE_URL",
}

for _name in [name for name in os.environ if name in _OURS or name.startswith("TRIAGE_")]:
    del os.environ[_name]

os.environ["TRIAGE_HOME"] = tempfile.mkdtemp(prefix="triage-test-")
atexit.register(shutil.rmtree, os.environ["TRIAGE_HOME"], ignore_errors=True)

for _name in ("DATABASE_URL", "REDIS_URL"):
    os.environ[_name] = os.environ.get(f"TEST_{_name}", "")
    if not os.environ[_name]:
        del os.environ[_name]

from dashboard.settings import *  # noqa: E402, F403

for _name in ("DATABASE_URL", "REDIS_URL"):  # a server that a test starts has to be told its own
    os.environ.pop(_name, None)

if DATABASES["default"]["ENGINE"].endswith("sqlite3"):  # noqa: F405
    # A file, not memory: threads and processes of the real thing have connections of their own.
    DATABASES["default"]["TEST"] = {"NAME": f"{os.environ['TRIAGE_HOME']}/test.sqlite3"}  # noqa: F405

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # the real one takes its time by design
