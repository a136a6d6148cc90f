import assert from "node:assert/strict";
import { test } from "node:test";
import { loginIn, registryOf } from "../../../src/drivers/docker/images/registry.ts";

test("the registry of an image is the first part of its name, if that can be a host", () => {
  const images = {
    busybox: "docker.io",
    "library/busybox:1": "docker.io",
    "example.org/a/b@sha256:00": "example.org",
    "localhost/a": "localhost",
    "127.0.0.1:5000/a:1": "127.0.0.1:5000",
    "registry:5000/a": "registry:5000",
  };
  for (const [image, registry] of Object.entries(images)) assert.equal(registryOf(image), registry, image);
});

test("a login: as ECS has it, for any registry; as Docker and Kubernetes have it, for the image's own", () => {
  const login = { username: "ann", password: "p:w" };
  assert.deepEqual(loginIn(JSON.stringify(login), "example.org/a"), login);
  const auth = Buffer.from("ann:p:w").toString("base64");
  const docker = (registry: string) =>
    JSON.stringify({ auths: { "other.org": { auth: "eDp5" }, [registry]: { auth } } });
  assert.deepEqual(loginIn(docker("example.org"), "example.org/a"), login);
  assert.deepEqual(loginIn(docker("https://example.org"), "example.org/a"), login);
  assert.deepEqual(loginIn(docker("https://index.docker.io/v1/"), "busybox"), login);
  assert.deepEqual(loginIn(JSON.stringify({ auths: { "example.org": login } }), "example.org/a"), login);
  assert.equal(loginIn(docker("example.org"), "else.org/a"), undefined);
  for (const text of ["", "s3cret", "[]", "null", '{"username":"ann"}', '{"auths":{"example.org":{"auth":"eA=="}}}'])
    assert.equal(loginIn(text, "example.org/a"), undefined, text);
});
