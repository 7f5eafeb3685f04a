"""Settings of Celery from the environment: CONF_BROKER_URL, CONF_RESULT_URL and CONF_QUEUE, and those of special cases."""


def flag(text):
    return text == "1"


def names(text):
    return [name.strip() for name in text.split(",")]


SETTINGS = {
    "CONF_BROKER_URL": ("broker_url", str),
    "CONF_RESULT_URL": ("result_backend", str),
    "CONF_QUEUE": ("task_default_queue", str),
    "CONF_CONCURRENCY": ("worker_concurrency", int),
    "CONF_PREFETCH": ("worker_prefetch_multiplier", int),
    "CONF_ACKS_LATE": ("task_acks_late", flag),
    "CONF_TRACK_STARTED": ("task_track_started", flag),
    "CONF_RESULT_EXTENDED": ("result_extended", flag),
    "CONF_ACCEPT": ("accept_content", names),
    "CONF_TASK_PROTOCOL": ("task_protocol", int),
    "CONF_TASK_SERIALIZER": ("task_serializer", str),
    "CONF_RESULT_SERIALIZER": ("result_serializer", str),
    "CONF_VISIBILITY_TIMEOUT": ("broker_transport_options", lambda text: {"visibility_timeout": int(text)}),
    "CONF_SECURITY_KEY": ("security_key", str),
    "CONF_SECURITY_CERTIFICATE": ("security_certificate", str),
    "CONF_SECURITY_STORE": ("security_cert_store", str),
}
#: Messages are signed, results are not.
SIGNED = {"task_serializer": "auth", "accept_content": ["auth"], "result_accept_content": ["json"]}


def read_settings(env):
    given = {name: read(env[key]) for key, (name, read) in SETTINGS.items() if env.get(key)}
    signed = SIGNED if "security_key" in given else {}
    return {"worker_concurrency": 4, "broker_connection_retry_on_startup": True, **signed, **given}


def make_app(celery, env):
    """An app of the class `celery`."""
    app = celery("conf", config_source=read_settings(env), set_as_current=False)
    if app.conf.security_key:
        app.setup_security()
    return app
