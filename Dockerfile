# The gateway as an image: built in one stage, run in another that has no compiler, no pip and no root.
FROM python:3.11-slim AS build
WORKDIR /src
COPY requirements.txt ./
RUN python -m venv /opt/gateway \
    && /opt/gateway/bin/pip install --no-cache-dir --require-hashes -r requirements.txt \
    && /opt/gateway/bin/pip install --no-cache-dir hatchling==1.27.0
COPY pyproject.toml README.md ./
COPY cli cli
COPY consumers consumers
COPY contract contract
COPY eventlog eventlog
COPY gateway gateway
COPY service service
COPY simulator simulator
RUN /opt/gateway/bin/pip install --no-cache-dir --no-deps --no-build-isolation . \
    && /opt/gateway/bin/pip uninstall --yes hatchling pip

FROM python:3.11-slim
# uvloop's TLS buffers fragment glibc's heap when stations reconnect; jemalloc gives the memory back.
RUN apt-get update && apt-get install --yes --no-install-recommends libjemalloc2 && rm -rf /var/lib/apt/lists/*
ENV LD_PRELOAD=libjemalloc.so.2 \
    MALLOC_CONF=background_thread:true,dirty_decay_ms:5000,muzzy_decay_ms:5000 \
    PATH=/opt/gateway/bin:$PATH \
    PYTHONUNBUFFERED=1
COPY --from=build /opt/gateway /opt/gateway
RUN useradd --system --uid 10001 --create-home --home-dir /var/lib/ocpp-gateway gateway
USER 10001
WORKDIR /var/lib/ocpp-gateway
EXPOSE 9000 9100 9101-9103 9180
ENTRYPOINT ["ocpp-gateway"]
CMD ["serve"]
