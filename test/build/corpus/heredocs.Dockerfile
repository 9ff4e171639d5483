FROM debian:stable
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
ARG who=world
RUN <<EOF
set -e
echo "hello $who" # not ours
# a comment \
cat <<INNER
INNER
EOF
RUN <<-'PY' python3 - <<"DATA"
	import sys
	PY
line
DATA
COPY <<config.json <<-'raw' $HOME/
{ "who": "$who", "price": "\$5" }
config.json
	$who stays
raw
ONBUILD RUN <<X
echo later
X
RUN 3<<EOF cat <&3
three
EOF
RUN <<'run me'
#!/usr/bin/env python3
print("hi")
run me
ADD <<empty /
empty
RUN ["<<EOF"]
