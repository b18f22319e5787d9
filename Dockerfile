# One image for web, worker and beat: docker-compose.yml says which a container runs.

FROM python:3.13-slim AS build
WORKDIR /app
COPY requirements.lock requirements-npm.lock package.json package-lock.json ./
COPY scripts/install.py scripts/
RUN python scripts/install.py

FROM python:3.13-slim
ENV PATH=/app/.venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    TRIAGE_HOME=/data \
    TRIAGE_STATIC_ROOT=/app/staticfiles
WORKDIR /app
RUN useradd --system --uid 10001 --home-dir /data --create-home triage
COPY --from=build /app/.venv .venv
COPY . .
COPY --from=build /app/static/vendor static/vendor
# The build's key signs nothing: it only lets the settings be read.
RUN SECRET_KEY=build TRIAGE_HOME=/tmp/build python manage.py collectstatic --no-input \
    && rm -rf /tmp/build && python -m compileall -q dashboard triage
USER triage
EXPOSE 8000
CMD ["python", "manage.py", "run", "web", "--host", "0.0.0.0"]
