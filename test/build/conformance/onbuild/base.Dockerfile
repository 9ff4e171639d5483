FROM busybox
RUN mkdir /out && touch /out/own
ONBUILD ARG GIVEN=x
ONBUILD ENV A=$GIVEN
ONBUILD COPY f /out/
ONBUILD RUN echo "trigger $A"
CMD ["kept"]
