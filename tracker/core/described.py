"""An interface's description as a page for people."""

from typing import Any

from drf_spectacular.views import SpectacularSwaggerSplitView
from rest_framework.request import Request


class DescribedPage(SpectacularSwaggerSplitView):
    """The description at `url` as a page that tries out what is only read, on our own assets."""

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(request, response, *args, **kwargs)
        # A 304 would come with the policy of all other pages, and browsers believe the last one.
        response["Cache-Control"] = "no-store"
        # Its style draws arrows and icons as addresses that begin with data:.
        response._csp_update = {"img-src": ["data:"]}
        return response
