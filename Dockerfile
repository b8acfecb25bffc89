# One image for all programs. The first stage installs; the second has no compiler, no pip and no root.
ARG PYTHON_IMAGE=docker.io/library/python:3.11-slim

FROM ${PYTHON_IMAGE} AS build
WORKDIR /src
RUN python -m venv /opt/build && python -m venv --without-pip /opt/gateway
# The locked dependencies come first: this layer stays as it is while only our code changes.
COPY requirements.txt ./
RUN /opt/build/bin/pip --python /opt/gateway/bin/python install --no-cache-dir --require-hashes -r requirements.txt \
    && /opt/build/bin/pip install --no-cache-dir hatchling==1.27.0
COPY . .
RUN /opt/build/bin/pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir /opt/wheel . \
    && /opt/build/bin/pip --python /opt/gateway/bin/python install --no-cache-dir --no-deps /opt/wheel/*.whl

FROM ${PYTHON_IMAGE}
# uvloop's TLS buffers fragment glibc's heap when stations reconnect; jemalloc gives the memory back.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends libjemalloc2 \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --gid 10001 gateway \
    && useradd --uid 10001 --gid 10001 --no-log-init --shell /usr/sbin/nologin --create-home --home-dir /var/lib/ocpp-gateway gateway
ENV LD_PRELOAD=libjemalloc.so.2 \
    MALLOC_CONF=background_thread:true,dirty_decay_ms:5000,muzzy_decay_ms:5000 \
    PATH=/opt/gateway/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
COPY --from=build /opt/gateway /opt/gateway
USER 10001
WORKDIR /var/lib/ocpp-gateway
EXPOSE 9000 9100 9101-9103 9180
ENTRYPOINT ["ocpp-gateway"]
CMD ["serve"]
