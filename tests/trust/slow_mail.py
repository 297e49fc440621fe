"""A mail server that takes its time."""

import time
from typing import Any

from django.core.mail.backends.base import BaseEmailBackend


class SlowBackend(BaseEmailBackend):
    def send_messages(self, messages: Any) -> int:
        time.sleep(0.2)
        return len(messages)
