# One image for web, worker, beat and every manage.py command; the command decides.
#   docker build -t statuspage .
#   docker run -p 8000:8000 -e SECRET_KEY=… -e DATABASE_URL=… -e REDIS_URL=… statuspage

FROM python:3.13-slim AS build
RUN pip install --no-cache-dir uv
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never UV_PROJECT_ENVIRONMENT=/venv
WORKDIR /app
# Dependencies first: they change less often than the code.
COPY pyproject.toml uv.lock .python-version ./
RUN uv sync --locked --no-dev --no-install-project --no-cache
COPY manage.py ./
COPY statuspage statuspage
COPY components components
COPY incidents incidents
COPY probes probes
COPY subscriptions subscriptions
COPY templates templates
COPY static static
COPY examples examples
# Needs no server and no secret: SQLite's key of this step is thrown away with its folder.
RUN DATA_DIR=/tmp/build /venv/bin/python manage.py collectstatic --noinput -v0 && rm -rf /tmp/build
RUN /venv/bin/python -m compileall -q statuspage components incidents probes subscriptions

FROM python:3.13-slim
RUN groupadd --system --gid 10001 status \
    && useradd --system --uid 10001 --gid status --home-dir /data --shell /usr/sbin/nologin status \
    && install -d -o status -g status /data
COPY --from=build /venv /venv
COPY --from=build /app /app
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 DATA_DIR=/data DJANGO_SETTINGS_MODULE=statuspage.settings
WORKDIR /app
USER status
VOLUME /data
EXPOSE 8000
# The web process alone answers here; compose turns the check off or replaces it for worker and beat.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
CMD ["granian", "--interface", "wsgi", "--host", "0.0.0.0", "--port", "8000", "--workers", "1", "--blocking-threads", "4", "--no-ws", "--workers-kill-timeout", "10s", "--respawn-failed-workers", "statuspage.wsgi:application"]
