from django.urls import path

from tracker.opendata.api.views import DocsView, UnknownAddress, openapi, views_of
from tracker.opendata.datasets import ELECTIONS, OF_ELECTION

_elections, _election = views_of(ELECTIONS, ())
described = [
    path("api/v1/elections/", _elections, name="api_elections"),
    path("api/v1/elections/<slug:key>/", _election, name="api_election"),
]
for _dataset in OF_ELECTION:
    _list, _row = views_of(_dataset, ("election",))
    _address = f"api/v1/elections/<slug:election>/{_dataset.name}/"
    described += [
        path(_address, _list, name=f"api_{_dataset.name}"),
        path(f"{_address}<slug:key>/", _row, name=f"api_{_dataset.name}_row"),
    ]

without_language = [
    *described,
    path("api/v1/openapi.json", openapi, name="openapi"),
    path("api/docs", DocsView.as_view(), name="api_docs"),
    path("api/v1/", UnknownAddress.as_view()),
    path("api/v1/<path:other>", UnknownAddress.as_view()),
]
