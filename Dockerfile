# rekeyd as a container. Built without asking anything but the npm registry; what runs in it is one folder of JavaScript.
#
#   docker build -t rekeyd .
#   docker run --rm --read-only --cap-drop all --security-opt no-new-privileges --memory 160m \
#     -v ./rekeyd.yaml:/etc/rekeyd/rekeyd.yaml:ro,z rekeyd
ARG NODE_IMAGE=docker.io/library/node:24-bookworm-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /build
COPY package.json package-lock.json ./
# what packages want to run after their installation is not needed to compile, and is not run
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json rolldown.config.ts ./
COPY src src
RUN npm run --ignore-scripts bundle && chmod 755 bundle/main.js

# Somebody who uses the keys: for docker-compose.yml only, no part of rekeyd.
FROM ${NODE_IMAGE} AS consumer
WORKDIR /app
COPY --from=build /build/package.json /build/package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund
COPY deploy/compose/consumer.mjs ./
USER 10001:10001
ENTRYPOINT ["node", "/app/consumer.mjs"]

FROM ${NODE_IMAGE} AS rekeyd
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="rekeyd" \
  org.opencontainers.image.description="Rotates object-storage access keys: issue, verify, publish to Vault, revoke after a grace period." \
  org.opencontainers.image.licenses="MIT" \
  org.opencontainers.image.version="${VERSION}" \
  org.opencontainers.image.revision="${REVISION}"
WORKDIR /app
COPY --from=build /build/package.json ./
COPY --from=build /build/bundle bundle
COPY LICENSE docs/LICENCES.md ./
# A small young generation needs a third less memory here, fewer arenas of malloc another tenth, and what is compiled
# already starts in half the time.
ENV NODE_ENV=production NODE_OPTIONS=--max-semi-space-size=1 MALLOC_ARENA_MAX=2 NODE_COMPILE_CACHE=/app/compiled \
  REKEYD_CONFIG=/etc/rekeyd/rekeyd.yaml
# Rotates once, against stand-ins inside of the process: that is what gets compiled, by root, for whom it runs as. And
# `docker exec … rekeyd status`.
RUN --mount=type=bind,source=config/sandbox.yaml,target=/tmp/sandbox.yaml \
  node bundle/main.js run --once --config /tmp/sandbox.yaml \
  && for made in compiled/*-0; do mv "$made" "${made%-0}-10001"; done && chmod -R a+rX compiled \
  && ln -s /app/bundle/main.js /usr/local/bin/rekeyd
USER 10001:10001
EXPOSE 8080
# node itself is process 1: SIGTERM ends what is under way in good order, and no shell is needed.
ENTRYPOINT ["node", "/app/bundle/main.js"]
CMD ["run"]
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s CMD ["node", "/app/bundle/main.js", "healthcheck"]
