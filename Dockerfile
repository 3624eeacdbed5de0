# The image of the API and of the `policytrail` command; docker-compose.yml runs both from it.

FROM python:3.11-slim AS base
WORKDIR /app

FROM base AS builder
COPY requirements/service.txt requirements/local.txt requirements/
RUN python -m venv /venv \
    && /venv/bin/pip install --disable-pip-version-check --require-hashes --requirement requirements/service.txt
# The package is installed editable, as `make` does, because it finds migrations/ and seeds/ beside its code. This needs
# only the packages' names, so a change of their code leaves this stage cached. setuptools is pinned with the requirements
# of `make run`; it and pip are removed afterwards, so that nothing in the image can install packages.
COPY pyproject.toml ./
COPY service/__init__.py service/
COPY schemas/__init__.py schemas/
RUN sed -n '/^setuptools==/,/[^\\]$/p' requirements/local.txt > /tmp/setuptools.txt \
    && /venv/bin/pip install --disable-pip-version-check --require-hashes --requirement /tmp/setuptools.txt \
    && /venv/bin/pip install --no-deps --no-build-isolation --no-index --editable . \
    && /venv/bin/pip uninstall --yes setuptools pip

FROM base
COPY --from=builder /venv /venv
COPY gunicorn.conf.py ./
COPY migrations migrations/
COPY seeds seeds/
COPY schemas schemas/
COPY service service/
ENV PATH=/venv/bin:$PATH \
    POLICYTRAIL_HOST=0.0.0.0 \
    PORT=8000
# A number needs no entry in /etc/passwd, and lets Kubernetes verify that the user is not root.
USER 10001:10001
EXPOSE 8000
STOPSIGNAL SIGTERM
# Bypasses the proxy in HTTP_PROXY. /livez, not /readyz: a new container does not repair the database.
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as r; r.build_opener(r.ProxyHandler({})).open('http://127.0.0.1:' + os.environ['PORT'] + '/livez', timeout=4)"]
CMD ["gunicorn", "-c", "gunicorn.conf.py", "service.wsgi:app"]
