# syntax=docker/dockerfile:1
ARG GO_VERSION=1.23 ALPINE=3.20
ARG BASE=alpine:${ALPINE:-latest}

# build compiles the program
FROM --platform=$BUILDPLATFORM golang:${GO_VERSION}-alpine AS build
ARG TARGETOS TARGETARCH
WORKDIR /src
COPY --link go.mod go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod,sharing=locked \
    --mount=type=bind,source=go.sum,target=go.sum \
    go mod download
COPY --exclude=*.md --exclude=docs . .
RUN --mount=type=cache,target=/root/.cache --network=none GOOS=$TARGETOS GOARCH=$TARGETARCH go build -o /out/app

FROM ${BASE} AS final
LABEL org.opencontainers.image.title="app" \
      "com.example.label with space"='a "quoted" value'
ENV A=1 B="two words" C=three\ words
COPY --from=build --chown=1000:1000 --chmod=0755 /out/app /usr/bin/
USER 1000:1000
EXPOSE 80 443/tcp 8000-8010/udp
HEALTHCHECK --interval=30s --timeout=3s --retries=3 CMD ["app", "health"]
STOPSIGNAL SIGQUIT
VOLUME ["/data"]
ENTRYPOINT ["/usr/bin/app"]
CMD ["serve"]
