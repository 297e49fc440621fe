"""Election observation tracker."""

# Celery's shared tasks belong to our app only once it exists, so whoever imports anything of the tracker makes it.
# Without Celery this is `python3 -m tracker.dev`, which runs before there is an environment and needs no tasks.
try:
    from tracker.celery import app as celery_app
except ModuleNotFoundError as missing:
    if missing.name != "celery":
        raise
else:
    __all__ = ["celery_app"]
