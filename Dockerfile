# docker build -t srs . && docker run --rm -p 1935:1935 srs
# Another configuration: docker run -v /etc/srs/srs.conf:/srs/conf/srs.conf:ro …
FROM node:20-bookworm-slim AS build
WORKDIR /srs
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.types.json ./
COPY scripts scripts
COPY src src
RUN npm run build

FROM node:20-bookworm-slim
# ffmpeg for transcoding; tini reaps what ffmpeg leaves behind and passes the signals on.
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates ffmpeg tini \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /srs
# The bundle holds all packages it needs, so no node_modules.
COPY --from=build /srs/package.json ./
COPY --from=build /srs/dist dist
COPY scripts/healthcheck.mjs ./
COPY conf conf
RUN ln -s /srs/dist/srs.mjs /usr/local/bin/srs && mkdir objs && chown node:node objs
ENV NODE_ENV=production
USER node
EXPOSE 1935 8080
HEALTHCHECK --interval=15s --timeout=5s --start-period=5s CMD node /srs/healthcheck.mjs "${SRS_HEALTH_PORT:-1935}"
ENTRYPOINT ["tini", "--", "srs"]
CMD ["-c", "conf/srs.conf"]
