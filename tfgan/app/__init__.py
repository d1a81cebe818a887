"""A page that runs a run's networks in the visitor's browser.

`page/` is our own HTML, CSS and JavaScript; `runtime` brings LiteRT.js, of which nothing lies here; `build` puts both together with the
networks.
"""
