import assert from "node:assert/strict";
import { test } from "node:test";
import { parseEngineEndpoint } from "../../src/core/engine-endpoint.ts";

test("where engines are", () => {
  const cases: [string, ReturnType<typeof parseEngineEndpoint>][] = [
    ["unix:///var/run/docker.sock", { kind: "unix", path: "/var/run/docker.sock" }],
    ["unix:///with%20space.sock", { kind: "unix", path: "/with space.sock" }],
    ["ssh://gpu1", { kind: "ssh", host: "gpu1", path: "/var/run/docker.sock" }],
    ["ssh://gpu1/", { kind: "ssh", host: "gpu1", path: "/var/run/docker.sock" }],
    [
      "ssh://me@gpu1.lab.example:2222/run/user/1000/docker.sock",
      { kind: "ssh", user: "me", host: "gpu1.lab.example", port: 2222, path: "/run/user/1000/docker.sock" },
    ],
    ["ssh://[fe80::1]", { kind: "ssh", host: "fe80::1", path: "/var/run/docker.sock" }],
    ["tcp://10.0.0.7:2376", { kind: "tcp", host: "10.0.0.7", port: 2376 }],
    ["tcp://[::1]:2375", { kind: "tcp", host: "::1", port: 2375 }],
  ];
  for (const [text, expected] of cases) assert.deepEqual(parseEngineEndpoint(text), expected, text);
});

for (const text of [
  ...[
    "",
    "gpu1",
    "/var/run/docker.sock",
    "unix://docker.sock",
    "unix://",
    "unix:///",
    "http://gpu1:2375",
    "npipe:////./pipe/x",
  ],
  ...[
    "ssh://",
    "ssh://me:secret@gpu1",
    "ssh://-oProxyCommand=x",
    "ssh://me@-oProxyCommand=x",
    "ssh://-l@gpu1",
    "ssh://a%20b@gpu1",
  ],
  ...["ssh://gpu1/a:b", "ssh://gpu1/%0a", "ssh://gpu1?x=1", "ssh://gpu1#x", "ssh://gpu1:99999", "ssh://gpu1/%zz"],
  ...["tcp://gpu1", "tcp://gpu1:2376/path", "tcp://me@gpu1:2376", "tcp://:2376"],
]) {
  test(`is no endpoint: ${text}`, () => {
    const problem = parseEngineEndpoint(text);
    assert.ok(typeof problem === "string", JSON.stringify(problem));
    assert.match(problem, /^must /);
    assert.ok(!problem.includes("secret"));
  });
}
