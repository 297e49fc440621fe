from django.apps import AppConfig


class OpendataConfig(AppConfig):
    name = "tracker.opendata"
    label = "opendata"
