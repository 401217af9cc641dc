# The product without the simulated clouds. One image, several commands: see compose.yaml and docs/operations.md.
FROM python:3.13.7-slim AS build
WORKDIR /build
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY config config
COPY cloudaccounts cloudaccounts
COPY wizard wizard
COPY scans scans
COPY teams teams
RUN python -m venv /venv \
    && /venv/bin/pip install --no-cache-dir --constraint constraints.txt '.[postgres,mongodb,redis,saml]' \
    && /venv/bin/pip uninstall --yes cloud-account-management

FROM python:3.13.7-slim
RUN useradd --system --uid 10001 --create-home --home-dir /var/lib/cloud-accounts cloud-accounts
COPY --from=build /venv /venv
WORKDIR /app
COPY manage.py ./
COPY config config
COPY cloudaccounts cloudaccounts
COPY wizard wizard
COPY scans scans
COPY teams teams
COPY templates templates
COPY static static
RUN python -m compileall -q /app
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    DATA_DIR=/var/lib/cloud-accounts LOG_FORMAT=json
USER cloud-accounts
VOLUME /var/lib/cloud-accounts
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
CMD ["gunicorn", "config.wsgi", "--config", "config/gunicorn.conf.py", "--bind", "0.0.0.0:8000"]
