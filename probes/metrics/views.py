"""Where the numbers arrive."""

from django.http import HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from probes.enums import MetricKind
from probes.metrics.push import LARGEST_BODY, parse_push
from probes.metrics.services import metric_for, record_push
from statuspage.core import clock


@csrf_exempt  # the token in the header is the whole of the right to push; no cookie is looked at
@require_http_methods(["PUT"])
def push(request: HttpRequest, key: str) -> JsonResponse:
    """`PUT /v1/metrics/<key>`: 200 with what was recorded, or problem details."""
    metric = metric_for(key=key, token=bearer_token(request))
    now = clock.now()
    read = parse_push(request.read(LARGEST_BODY + 1), kind=MetricKind(metric.kind), now=now)
    recorded = record_push(metric=metric, push=read)
    data = {"metric": metric.key, "points": recorded.points, "newestAt": f"{recorded.newest_at:%Y-%m-%dT%H:%M:%SZ}"}
    return JsonResponse({"data": data}, headers={"Cache-Control": "no-store"})


def bearer_token(request: HttpRequest) -> str:
    """Empty where there is none."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""
