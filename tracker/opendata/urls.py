from django.urls import re_path

from tracker.opendata import views

DATA = "^e/(?P<slug>[-a-zA-Z0-9_]+)/data/"
app_name = "opendata"
urlpatterns = [
    re_path(
        r"^e/(?P<slug>[-\w]+)/data/(?P<name>[a-z_]+)\.(?P<form>csv|xlsx|geojson)$",
        views.download,
        name="download",
    ),
]
