FROM busybox
RUN mkdir -p /out/dir/sub /out/opaque/sub /out/becomes-file/sub && touch /out/file /out/kept /out/dir/f /out/dir/sub/f /out/opaque/old /out/becomes-dir && ln -s kept /out/link
