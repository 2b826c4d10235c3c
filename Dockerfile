# One image for the command and for the workers of a runner. Targets: cpu, gpu, dev, template (Dataflow's Flex Template).
#   docker build --target cpu -t blift:cpu .
# Every image that is built upon is an argument, so that a registry without these can bring its own; Dataflow's launcher
# (LAUNCHER) is named with its registry: docs/runners.md.
ARG BASE=python:3.11-slim-bookworm
ARG GPU_BASE=python:3.11-slim-bookworm
ARG SDK=apache/beam_python3.11_sdk:2.77.0
ARG LAUNCHER=dataflow-templates-base/python311-template-launcher-base:latest

# Beam's boot program starts the workers of a container; only it is taken.
FROM ${SDK} AS sdk

# What compiles the loops of the media stage; empty where the base has a compiler. It stays out of the images.
FROM ${BASE} AS build
ARG COMPILER="gcc libc6-dev"
RUN if [ -n "${COMPILER}" ]; then apt-get update && apt-get install --yes --no-install-recommends ${COMPILER}; fi
# Extras of pyproject.toml; `gcp` reaches gs:// and Dataflow.
ARG EXTRAS=media,fetch
RUN python3 -m venv /opt/blift
WORKDIR /src
COPY pyproject.toml setup.py constraints.txt README.md LICENSE ./
COPY api api
COPY schemas schemas
COPY transforms transforms
COPY connectors connectors
COPY pipelines pipelines
RUN /opt/blift/bin/pip install --no-cache-dir -c constraints.txt ".[${EXTRAS}]" && \
    /opt/blift/bin/pip uninstall --yes pip

FROM ${BASE} AS cpu
COPY --from=sdk /opt/apache/beam/boot /opt/apache/beam/boot
COPY --from=build /opt/blift /opt/blift
# Without the second, boot makes an environment of its own for each worker, which takes a minute and finds no pip.
ENV PATH=/opt/blift/bin:$PATH \
    RUN_PYTHON_SDK_IN_DEFAULT_ENVIRONMENT=1
RUN useradd --create-home --uid 10001 blift
USER blift
WORKDIR /home/blift
RUN blift doctor
ENTRYPOINT ["/opt/apache/beam/boot"]

FROM ${GPU_BASE} AS build-gpu
ARG COMPILER="gcc libc6-dev"
RUN if [ -n "${COMPILER}" ]; then apt-get update && apt-get install --yes --no-install-recommends ${COMPILER}; fi
ARG GPU_EXTRAS=media,fetch,gpu
RUN python3 -m venv /opt/blift
WORKDIR /src
COPY pyproject.toml setup.py constraints.txt README.md LICENSE ./
COPY api api
COPY schemas schemas
COPY transforms transforms
COPY connectors connectors
COPY pipelines pipelines
RUN /opt/blift/bin/pip install --no-cache-dir -c constraints.txt ".[${GPU_EXTRAS}]" && \
    /opt/blift/bin/pip uninstall --yes pip

# CUDA comes with the driver and the wheels. Without `video` the driver's decoder library is not mounted.
FROM ${GPU_BASE} AS gpu
COPY --from=sdk /opt/apache/beam/boot /opt/apache/beam/boot
COPY --from=build-gpu /opt/blift /opt/blift
ENV PATH=/opt/blift/bin:$PATH \
    RUN_PYTHON_SDK_IN_DEFAULT_ENVIRONMENT=1 \
    NVIDIA_VISIBLE_DEVICES=all \
    NVIDIA_DRIVER_CAPABILITIES=compute,video,utility
RUN useradd --create-home --uid 10001 blift
USER blift
WORKDIR /home/blift
RUN blift doctor
ENTRYPOINT ["/opt/apache/beam/boot"]

# The tests, and all that they need; `docker run blift:dev` runs them.
FROM ${BASE} AS dev
ARG COMPILER="gcc libc6-dev"
RUN if [ -n "${COMPILER}" ]; then apt-get update && apt-get install --yes --no-install-recommends ${COMPILER}; fi
RUN useradd --create-home --uid 10001 blift && mkdir /src && chown blift /src
USER blift
WORKDIR /src
COPY --chown=blift . .
RUN python3 -m venv /home/blift/venv && \
    /home/blift/venv/bin/pip install --no-cache-dir -c constraints.txt -e '.[dev]'
ENV PATH=/home/blift/venv/bin:$PATH
CMD ["pytest", "-n", "auto", "-m", "not runner and not gpu"]

# Dataflow runs containers as root. Build it with --build-arg EXTRAS=media,fetch,gcp.
FROM ${LAUNCHER} AS launcher
FROM cpu AS template
USER root
COPY --from=launcher /opt/google/dataflow/python_template_launcher /opt/google/dataflow/python_template_launcher
COPY pipelines/flex_template.py /template/flex_template.py
ENV FLEX_TEMPLATE_PYTHON_PY_FILE=/template/flex_template.py
