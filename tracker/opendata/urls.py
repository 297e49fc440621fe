from django.urls import include, path

from tracker.opendata import views
from tracker.opendata.feeds import EditionFeed

app_name = "opendata"
data = [
    path("", views.data, name="data"),
    *(path(f"<slug:name>.{form}", views.download, {"form": form}, name=form) for form in views.FORMS),
    path("package.zip", views.package, name="package"),
    path("calendar.ics", views.calendar, name="calendar"),
    path("feed/", EditionFeed(), name="feed"),
]
urlpatterns = [path("e/<slug:slug>/data/", include(data))]
