"""The API's catalog and description, and how an operation announces its end."""

import json

import pytest
import yaml
from flask import Flask
from flask.testing import FlaskClient

from service.openapi.spec import build_spec, to_yaml
from tests.answers import body


def test_every_link_of_the_catalog_works(anyone: FlaskClient) -> None:
    told = anyone.get("/.well-known/api-catalog")
    assert told.content_type == 'application/linkset+json; profile="https://www.rfc-editor.org/info/rfc9727"'
    [context] = json.loads(told.data)["linkset"]
    assert context.pop("anchor") == "/v1"
    assert set(context) == {"service-desc", "service-doc", "service-meta", "status", "item"}
    links = [link for listed in context.values() for link in listed if link["href"] != "/docs"]
    for link in links:
        answer = anyone.get(link["href"])
        assert (answer.status_code in (200, 503), answer.mimetype) == (True, link["type"]), link


def test_head_of_the_catalog_links_to_it(anyone: FlaskClient) -> None:
    told = anyone.head("/.well-known/api-catalog")
    assert (told.status_code, told.data) == (200, b"")
    assert told.headers["Link"].startswith(
        '</.well-known/api-catalog>; rel="api-catalog", </openapi.json>; rel="service-desc"'
    )


def test_the_roots_have_the_links_of_the_catalog(anyone: FlaskClient) -> None:
    catalog = anyone.get("/.well-known/api-catalog")
    for at in ("/", "/v1"):
        root = anyone.get(at)
        assert (root.content_type, root.data) == ("application/json", catalog.data)
        assert root.headers["Link"] == catalog.headers["Link"]


def test_the_api_describes_itself(app: Flask, anyone: FlaskClient) -> None:
    as_json, as_yaml = anyone.get("/openapi.json"), anyone.get("/openapi.yaml")
    assert body(as_json) == yaml.safe_load(as_yaml.data) == build_spec(app)
    assert as_yaml.text == to_yaml(app)
    assert (as_json.content_type, as_yaml.content_type) == ("application/json", "application/yaml")
    assert "pretty" in [parameter["name"] for parameter in body(as_json)["paths"]["/livez"]["get"]["parameters"]]


@pytest.mark.parametrize("at", ["/openapi.json", "/openapi.yaml", "/.well-known/api-catalog", "/v1"])
def test_static_documents_have_an_etag_of_their_content(anyone: FlaskClient, at: str) -> None:
    first, zipped = anyone.get(at), anyone.get(at, headers={"Accept-Encoding": "gzip"})
    for tag, headers in ((first.headers["ETag"], {}), (zipped.headers["ETag"], {"Accept-Encoding": "gzip"})):
        again = anyone.get(at, headers={"If-None-Match": tag, **headers})
        assert (again.status_code, again.headers["ETag"], again.headers["Cache-Control"]) == (
            304,
            tag,
            "public, max-age=300",
        )
