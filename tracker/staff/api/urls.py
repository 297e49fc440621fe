from django.urls import path

from tracker.staff.api.schema import OPERATIONS, docs, openapi

urlpatterns = [
    *(operation.url for operation in OPERATIONS),
    path("openapi.json", openapi, name="api_programs_openapi"),
    path("docs", docs, name="api_programs_docs"),
]
