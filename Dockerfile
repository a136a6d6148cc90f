# Longshore as a container image:  docker build -t longshore .     (docs/operations.md)
#
# Node and every package are those of package-lock.json, whatever the images below have. These bring npm for the building, and for the result a C++
# runtime and a shell, which runs the jobs that have no image of their own. Other ones by --build-arg.
ARG BUILD_IMAGE=node:24-bookworm-slim
ARG BASE_IMAGE=debian:bookworm-slim

FROM ${BUILD_IMAGE} AS build
WORKDIR /opt/longshore
# What changes seldom comes first and stays in the builder's cache. A BUILD_IMAGE that has these packages here already needs no registry.
COPY package.json package-lock.json .npmrc ./
COPY scripts scripts
RUN sh scripts/install.sh all
COPY tsconfig.json ./
COPY src src
COPY console console
RUN node_modules/.bin/node --disable-warning=ExperimentalWarning scripts/console.ts
COPY longshore LICENSE ./
# What only builds, declares types or debugs is no part of what runs: two thirds of all. (`npm prune` copies each package before it removes it.)
RUN rm -rf $(node -p "Object.entries(require('./package-lock.json').packages).filter(([, { dev }]) => dev).map(([path]) => path).join(' ')") \
  node_modules/.cache node_modules/node-linux-*/include node_modules/node-linux-*/share scripts tsconfig.json .npmrc && \
  find node_modules -type f \( -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' -o -name '*.map' \) -exec rm {} + && \
  find console -mindepth 1 -maxdepth 1 ! -name dist -exec rm -rf {} + && \
  for link in node_modules/.bin/*; do [ -e "$link" ] || rm "$link"; done && \
  chmod -R a+rX longshore package.json package-lock.json LICENSE src console

FROM ${BASE_IMAGE}
ARG VERSION=0.1.0
LABEL org.opencontainers.image.title="Longshore" \
  org.opencontainers.image.description="AWS Batch that runs anywhere" \
  org.opencontainers.image.licenses="Apache-2.0" \
  org.opencontainers.image.version="${VERSION}"
# A number, so that Kubernetes can see that it is not root; with a name, since ssh, and some jobs, ask for theirs.
RUN echo 'longshore:x:65532:65532:Longshore:/data:/bin/sh' >> /etc/passwd && \
  mkdir -m 0700 /data && chown 65532:65532 /data && \
  ln -s /opt/longshore/longshore /usr/local/bin/longshore
COPY --from=build /opt/longshore /opt/longshore
# The console is built: the launcher need not look whether its sources are newer.
ENV LONGSHORE_DATA_DIR=/data LONGSHORE_CONSOLE=off HOME=/data
WORKDIR /data
USER 65532:65532
VOLUME /data
EXPOSE 4590
# It lives. Whether it can work (/readyz) depends on its database, and no restart of it mends that. The base has no curl.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
  CMD ["/opt/longshore/node_modules/.bin/node", "-e", "fetch('http://127.0.0.1:4590/healthz').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["longshore"]
# Reached from outside the container, it serves known keys only.
CMD ["up", "--host", "0.0.0.0"]
