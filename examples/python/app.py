import sys

from bottle import route, run


@route("/<path>")
def greet(path):
    return {"hello": sys.argv[1], "path": path}


run(host="0.0.0.0", port=8000)
