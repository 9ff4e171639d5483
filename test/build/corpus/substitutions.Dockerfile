ARG image=registry.example/team/app:1.2.3
ARG tag=${image##*:} repo=${image%:*}
ARG flat=${repo//\//-}
FROM ${repo}:${tag%%.*} AS s
FROM scratch
ENV a=${b:-${c:-"d}"}} e='${f}' g="\$h $$ $1 $@"
ENV i=${e/$a/j} k=${a#*} l=${a:+yes} m=${n-}
WORKDIR /w/${a}
LABEL x=$a y="$e" z='$g'
ADD --checksum=sha256:0000000000000000000000000000000000000000000000000000000000000000 https://example.org/${i} /
EXPOSE $p ${q:-80}
USER ${u:-nobody}
