"""The middle of three: GET lists what was noted, POST notes one more. Its database is called db."""
import http.server
import json
import os

import psycopg2


def query(host, text, *values):
    connection = psycopg2.connect(host=host, user="postgres", dbname="postgres", connect_timeout=3)
    with connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE IF NOT EXISTS notes (id serial, text text)")
        cursor.execute(text, values)
        rows = cursor.fetchall() if cursor.description else []
    connection.close()
    return [row[0] for row in rows]


class App(http.server.BaseHTTPRequestHandler):
    # /by-address: by the variable that a link makes.
    def database(self):
        return os.environ["DB_PORT_5432_TCP_ADDR"] if self.path == "/by-address" else "db"

    def do_GET(self):
        self.answer(lambda: query(self.database(), "SELECT text FROM notes ORDER BY id"))

    def do_POST(self):
        note = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.answer(lambda: query("db", "INSERT INTO notes (text) VALUES (%s)", note))

    def answer(self, work):
        try:
            status, body = 200, json.dumps(work())
        except psycopg2.Error as error:
            status, body = 503, str(error)
        self.send_response(status)
        self.send_header("Content-Length", str(len(body.encode())))
        self.end_headers()
        self.wfile.write(body.encode())


http.server.ThreadingHTTPServer(("", 8000), App).serve_forever()
