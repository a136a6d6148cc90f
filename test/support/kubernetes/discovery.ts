/** What `kubectl` and other general clients ask before anything else. */

const ALL = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];

export const VERSION = {
  major: "1",
  minor: "36",
  gitVersion: "v1.36.0",
  gitCommit: "0000000000000000000000000000000000000000",
  gitTreeState: "clean",
  buildDate: "2026-04-22T00:00:00Z",
  goVersion: "go1.26.0",
  compiler: "gc",
  platform: "linux/amd64",
};

const CORE = {
  kind: "APIResourceList",
  groupVersion: "v1",
  resources: [
    {
      name: "pods",
      singularName: "pod",
      namespaced: true,
      kind: "Pod",
      verbs: ALL,
      shortNames: ["po"],
      categories: ["all"],
    },
    { name: "pods/log", singularName: "", namespaced: true, kind: "Pod", verbs: ["get"] },
    { name: "pods/status", singularName: "", namespaced: true, kind: "Pod", verbs: ["get", "patch", "update"] },
    {
      name: "pods/eviction",
      singularName: "",
      namespaced: true,
      group: "policy",
      version: "v1",
      kind: "Eviction",
      verbs: ["create"],
    },
    { name: "nodes", singularName: "node", namespaced: false, kind: "Node", verbs: ALL, shortNames: ["no"] },
    { name: "secrets", singularName: "secret", namespaced: true, kind: "Secret", verbs: ALL },
    {
      name: "namespaces",
      singularName: "namespace",
      namespaced: false,
      kind: "Namespace",
      verbs: ALL,
      shortNames: ["ns"],
    },
    { name: "events", singularName: "event", namespaced: true, kind: "Event", verbs: ALL, shortNames: ["ev"] },
  ],
};

/** The documents that are the same for everybody, by path. */
export const DOCUMENTS: Readonly<Record<string, unknown>> = {
  "/version": VERSION,
  "/api": { kind: "APIVersions", versions: ["v1"], serverAddressByClientCIDRs: [] },
  "/apis": { kind: "APIGroupList", apiVersion: "v1", groups: [] },
  "/api/v1": CORE,
};

/** Answered with `ok`. */
export const HEALTH = new Set(["/healthz", "/livez", "/readyz"]);
