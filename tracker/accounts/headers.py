"""Headers of every response that settings alone cannot say."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

# Nothing of the device is needed but the keys somebody signs in with.
PERMISSIONS = ", ".join(
    f"{name}=()" for name in (
        "accelerometer", "autoplay", "browsing-topics", "camera", "display-capture", "encrypted-media",
        "geolocation", "gyroscope", "hid", "idle-detection", "magnetometer", "microphone", "midi", "payment",
        "serial", "usb", "xr-spatial-tracking",
    )
) + ", publickey-credentials-create=(self), publickey-credentials-get=(self)"  # fmt: skip


class HeadersMiddleware:
    """Keeps our pages to our own origin, and staff pages out of every cache. A view may say otherwise itself."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        response.headers.setdefault("Cross-Origin-Embedder-Policy", "require-corp")
        response.headers.setdefault("Permissions-Policy", PERMISSIONS)
        if request.path_info.startswith("/staff"):
            response.headers["Cache-Control"] = "no-store, private"
            # No address of a staff page leaves the site.
            response.headers["Referrer-Policy"] = "same-origin"
        return response
