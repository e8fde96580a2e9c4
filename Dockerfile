# The gateway as it runs in production: another user than root, nothing to write, no compiler and no package
# installer inside. BASE is any image with Python 3.11 or newer and its venv module.
ARG BASE=python:3.13-slim

FROM ${BASE} AS build
WORKDIR /src
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
COPY requirements/build.txt requirements/runtime.txt requirements/
# wheels only: nothing is compiled, here or later
RUN python3 -m venv /build \
 && /build/bin/pip install --quiet --require-hashes --only-binary :all: -r requirements/build.txt \
 && python3 -m venv --without-pip /opt/gateway \
 && /build/bin/pip --python /opt/gateway/bin/python install --quiet --require-hashes --only-binary :all: \
      -r requirements/runtime.txt
COPY pyproject.toml README.md LICENSE ./
COPY gateway gateway
RUN /build/bin/pip wheel --quiet --no-deps --no-build-isolation --wheel-dir dist . \
 && /build/bin/pip --python /opt/gateway/bin/python install --quiet --no-deps dist/*.whl

FROM ${BASE}
LABEL org.opencontainers.image.title="imap-gateway" \
      org.opencontainers.image.description="Mail over HTTP and OAuth, for any IMAP server" \
      org.opencontainers.image.licenses="GPL-3.0-or-later"
COPY --from=build /opt/gateway /opt/gateway
ENV PATH=/opt/gateway/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    GATEWAY__SERVER__BIND=0.0.0.0:8080 \
    GATEWAY__SERVER__MANAGEMENT_BIND=0.0.0.0:9090
USER 65534:65534
WORKDIR /
EXPOSE 8080 9090
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=4s --start-period=10s \
  CMD ["/opt/gateway/bin/python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:9090/healthz', timeout=3)"]
ENTRYPOINT ["/opt/gateway/bin/gateway"]
CMD ["serve", "--config", "/etc/imap-gateway/gateway.toml"]
