"""What Django's error page may show: where something failed, never with which values.

With DEBUG on that page prints the POSTed fields and the variables of every frame, and in this product those are
people's credentials. Frames of Django and of the SDKs hold them as well, so all frames go without.
"""

from __future__ import annotations

import re
from types import FrameType
from typing import Any

from django.http import HttpRequest
from django.views.debug import SafeExceptionReporterFilter


class WithoutValues(SafeExceptionReporterFilter):
    # Django's own words, and URLs, because those of brokers and databases contain passwords.
    hidden_settings = re.compile(
        "API|AUTH|TOKEN|KEY|SECRET|PASS|SIGNATURE|HTTP_COOKIE|CREDENTIAL|_URLS?$|QUERY_STRING", re.IGNORECASE
    )

    # Also with DEBUG, where Django's own filter is off.
    def is_active(self, request: HttpRequest | None) -> bool:
        return True

    def get_post_parameters(self, request: HttpRequest | None) -> dict[str, Any]:
        return dict.fromkeys(request.POST, self.cleansed_substitute) if request is not None else {}

    def get_traceback_frame_variables(self, request: HttpRequest | None, tb_frame: FrameType) -> Any:
        return dict.fromkeys(tb_frame.f_locals, self.cleansed_substitute).items()
