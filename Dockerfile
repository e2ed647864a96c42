# The Committee as one process that owns one folder. docker-compose.yml shows how it is meant to be run: read-only, without capabilities.

ARG NODE_VERSION=24

FROM node:${NODE_VERSION}-slim AS build
WORKDIR /app
# .npmrc too: no package runs a script of its own while it is installed.
COPY package.json package-lock.json .npmrc ./
RUN npm ci --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY scripts ./scripts
COPY src ./src
RUN npm run build

# Beside the build, not after it: a change of the sources installs nothing anew.
FROM node:${NODE_VERSION}-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --no-audit --no-fund

FROM node:${NODE_VERSION}-slim
# By number, so that a platform can see that it is not root. What it runs belongs to root and cannot be changed by it.
RUN mkdir /data && chown 1000:1000 /data
WORKDIR /app
COPY --from=dependencies /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY package.json LICENSE ./
COPY data ./data
COPY web ./web
# An address that is not loopback needs OIDC_ISSUER: the start is refused without. SAMPLE=none, since a log keeps for ever what it begins with.
ENV NODE_ENV=production HOST=0.0.0.0 PORT=3000 DATA_DIR=/data SAMPLE=none
EXPOSE 3000
VOLUME ["/data"]
USER 1000:1000
# Node itself, so that the image needs no curl. The start may build the views anew before it listens: that is not ill health.
HEALTHCHECK --interval=15s --timeout=5s --start-period=300s --retries=4 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/health/ready`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# No shell and no npm in between: SIGTERM arrives at the program, which finishes what is under way.
# The size of what is new, in MiB: as npm start has it.
CMD ["node", "--max-semi-space-size=64", "--enable-source-maps", "dist/main.js"]
