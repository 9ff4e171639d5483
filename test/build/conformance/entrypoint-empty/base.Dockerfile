FROM busybox
ENTRYPOINT ["old"]
CMD ["arg"]
