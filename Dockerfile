# One image for the launcher and the workers of a runner (Dataflow, Spark, Flink): CPU only.
FROM python:3.11-slim-bookworm
WORKDIR /opt/blift
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY schemas schemas
COPY transforms transforms
COPY connectors connectors
COPY pipelines pipelines
RUN pip install --no-cache-dir -c constraints.txt .
ENTRYPOINT ["blift"]
