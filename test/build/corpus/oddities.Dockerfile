from a as b
env key legacy value with = and "quotes"
label a b
   RUN    indented   \
 \
continued
CMD echo ["not json]
CMD []
ENTRYPOINT ['neither']
maintainer Somebody <some@body>
onbuild copy --from=b x y
RUN --mount=type=secret,id=a,env=A --mount=type=ssh --mount=type=tmpfs,target=/t,size=1g x
copy ["with space", "/"]
VOLUME /a /b
HEALTHCHECK NONE
RUN echo \\
RUN -- --flag
ARG x y= z="1"
FROM B
COPY --from=0 --parents a/./b c/
CMD x \
