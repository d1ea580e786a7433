# The image of every cityops service: ingest, rules, web and API, simulated town.
# Which one it is, the command says: `docker run cityops ingest`.
# A tag can be moved: `deploy/pin-images.sh` asks for the digest that it has now and writes it down for the next builds
# (`--build-arg PYTHON_IMAGE=python:3.13.16-slim-bookworm@sha256:…`).
ARG PYTHON_IMAGE=python:3.13.16-slim-bookworm

FROM ${PYTHON_IMAGE} AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PYTHONDONTWRITEBYTECODE=1
RUN python -m venv /opt/cityops
ENV PATH=/opt/cityops/bin:$PATH
WORKDIR /src
# Dependencies first: they change less often than the code. Each by version and hash.
COPY requirements/server.lock requirements/build.lock requirements/
# docopt, which GOV.UK Notify's client asks for, is there as source only.
RUN pip install --require-hashes --only-binary=:all: --no-binary=docopt --no-deps -r requirements/server.lock
RUN python -m venv /opt/build \
    && /opt/build/bin/pip install --require-hashes --only-binary=:all: --no-deps -r requirements/build.lock
COPY pyproject.toml README.md ./
COPY cityops cityops
COPY devices devices
COPY firmware_sim firmware_sim
COPY ingest ingest
COPY rules rules
COPY dashboards dashboards
COPY ops_api ops_api
RUN /opt/build/bin/pip wheel --no-deps --no-build-isolation --wheel-dir /tmp/wheel . \
    && pip install --no-deps /tmp/wheel/*.whl \
    && pip check \
    && python -m compileall -q /opt/cityops/lib

FROM ${PYTHON_IMAGE} AS run
LABEL org.opencontainers.image.title="cityops" \
      org.opencontainers.image.description="The platform a council runs its sensors on" \
      org.opencontainers.image.licenses="Apache-2.0"
# A fixed number, so that a volume's owner stays the same from build to build.
RUN groupadd --system --gid 10001 cityops \
    && useradd --system --uid 10001 --gid 10001 --no-create-home --home-dir /var/lib/cityops cityops \
    && install -d -o 10001 -g 10001 -m 750 /var/lib/cityops \
    && install -d -o 10001 -g 10001 -m 700 /var/backups/cityops
COPY --from=build /opt/cityops /opt/cityops
ENV PATH=/opt/cityops/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    CITYOPS_DATA_DIR=/var/lib/cityops \
    CITYOPS_LOG__FORMAT=json
USER 10001:10001
WORKDIR /var/lib/cityops
VOLUME ["/var/lib/cityops"]
# The image's own check is the web service's; docker-compose.yml gives each service its own.
EXPOSE 8080
HEALTHCHECK --interval=15s --timeout=4s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8080/healthz', timeout=3)"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["cityops"]
CMD ["--help"]
