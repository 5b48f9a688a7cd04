# syntax=docker/dockerfile:1
FROM python:3.13-slim-trixie AS build
ENV UV_PROJECT_ENVIRONMENT=/opt/luochui \
    UV_PYTHON_DOWNLOADS=never \
    UV_LINK_MODE=copy \
    UV_COMPILE_BYTECODE=1
RUN pip install --no-cache-dir 'uv==0.*'
WORKDIR /src
# First what changes seldom, so that an edit does not fetch every dependency again.
COPY pyproject.toml uv.lock README.md LICENSE ./
RUN uv sync --locked --no-default-groups --extra nats --no-install-project
COPY . .
RUN uv sync --locked --no-default-groups --extra nats --no-editable

FROM python:3.13-slim-trixie
RUN useradd --system --uid 10001 --home-dir /var/lib/luochui --create-home luochui
COPY --from=build /opt/luochui /opt/luochui
ENV PATH=/opt/luochui/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    LUOCHUI_HOST=0.0.0.0 \
    LUOCHUI_PORT=8130
USER 10001
WORKDIR /var/lib/luochui
EXPOSE 8130
HEALTHCHECK --interval=5s --timeout=3s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as u; u.urlopen('http://127.0.0.1:' + os.environ['LUOCHUI_PORT'] + '/health/ready', timeout=2)"]
ENTRYPOINT ["luochui"]
CMD ["serve"]
